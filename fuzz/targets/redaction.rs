//! Redaction of headers, cookies and query parameters.

#![cfg_attr(fuzzing, no_main)]

mirror_fuzz::target!(redaction);
