//! Redaction of queries, paths and URLs.

#![cfg_attr(fuzzing, no_main)]

mirror_fuzz::target!(query);
