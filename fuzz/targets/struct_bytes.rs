//! The bytes of a protobuf Struct.

#![cfg_attr(fuzzing, no_main)]

mirror_fuzz::target!(struct_bytes);
