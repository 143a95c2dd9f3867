//! What comes back from a callout, and from the primary.

#![cfg_attr(fuzzing, no_main)]

mirror_fuzz::target!(answers);
