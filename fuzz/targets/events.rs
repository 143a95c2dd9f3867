//! Any order of the ledger's events.

#![cfg_attr(fuzzing, no_main)]

mirror_fuzz::target!(events);
