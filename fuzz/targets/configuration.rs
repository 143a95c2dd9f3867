//! The bytes of a plugin configuration.

#![cfg_attr(fuzzing, no_main)]

mirror_fuzz::target!(configuration);
