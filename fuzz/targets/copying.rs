//! The headers of a copy.

#![cfg_attr(fuzzing, no_main)]

mirror_fuzz::target!(copying);
