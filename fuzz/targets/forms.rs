//! Redaction of forms.

#![cfg_attr(fuzzing, no_main)]

mirror_fuzz::target!(forms);
