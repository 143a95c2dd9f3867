//! Redaction of cookies.

#![cfg_attr(fuzzing, no_main)]

mirror_fuzz::target!(cookies);
