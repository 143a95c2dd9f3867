//! The cases: one folder each. A reader needs no other file to understand one.

use crate::runner::Case;

mod refused_fresh;

macro_rules! cases {
    ($($name:ident: $about:literal,)*) => {
        &[$(Case {
            name: stringify!($name),
            about: $about,
            annotations: $name::ANNOTATIONS,
            run: $name::run,
        }),*]
    };
}

/// All of them, in the order of the list that people read.
pub const ALL: &[Case] = cases! {
    refused_fresh: "a refused configuration under a fresh name: no request is harmed, nothing is copied, and it shows",
};
