//! The bytes of a header map, as the host hands it over.

#![cfg_attr(fuzzing, no_main)]

mirror_fuzz::target!(header_map);
