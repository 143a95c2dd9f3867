//! What the bench and the count share: the arms, an Envoy with a listener for each of them, the requests, and the load.
//!
//! From the bottom up: [`traffic`] is the load and the backends, [`request`] what clients send, [`arm`] what is
//! compared, [`proxy`] the Envoy, [`machine`] what the numbers were measured on, [`table`] how they are shown.

pub mod arm;
pub(crate) mod machine;
pub mod proxy;
pub mod request;
pub mod table;
pub mod traffic;

pub use arm::{Arm, Build, Work};
pub use proxy::{Proxy, Setup};
pub use request::Request;
