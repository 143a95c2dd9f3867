//! Matching and sampling of any request.

#![cfg_attr(fuzzing, no_main)]

mirror_fuzz::target!(selection);
