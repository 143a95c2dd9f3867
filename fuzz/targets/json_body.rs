//! Redaction of JSON bodies.

#![cfg_attr(fuzzing, no_main)]

mirror_fuzz::target!(json_body);
