//! The guest's side of a host call: its memory, and the note of the call in the journal.

use wasmi::{Caller, Memory, TypedFunc};

use super::abi::Status;
use super::world::{HostCall, World};

/// The guest that makes a host call.
pub(crate) struct Guest<'a, 'b> {
    caller: &'a mut Caller<'b, World>,
    function: &'static str,
    memory: Memory,
}

impl<'a, 'b> Guest<'a, 'b> {
    pub(crate) fn new(caller: &'a mut Caller<'b, World>, function: &'static str) -> Self {
        let memory = caller
            .get_export("memory")
            .and_then(|export| export.into_memory())
            .expect("the guest has a memory");
        Self {
            caller,
            function,
            memory,
        }
    }

    pub(crate) fn world(&mut self) -> &mut World {
        self.caller.data_mut()
    }

    /// Notes the call.
    pub(crate) fn note(&mut self, arguments: impl ToString) {
        let (function, arguments) = (self.function, arguments.to_string());
        let during = self.world().callback.name;
        self.world().journal.calls.push(HostCall {
            function,
            arguments,
            during,
        });
    }

    pub(crate) fn read(&self, at: u32, size: u32) -> Result<Vec<u8>, Status> {
        let end = u64::from(at) + u64::from(size);
        let range = at as usize..usize::try_from(end).map_err(|_| Status::InvalidMemoryAccess)?;
        self.memory
            .data(&*self.caller)
            .get(range)
            .map(<[u8]>::to_vec)
            .ok_or(Status::InvalidMemoryAccess)
    }

    pub(crate) fn read_text(&self, at: u32, size: u32) -> Result<String, Status> {
        Ok(String::from_utf8_lossy(&self.read(at, size)?).into_owned())
    }

    pub(crate) fn read_u32(&self, at: u32) -> Result<u32, Status> {
        let bytes = self.read(at, 4)?;
        Ok(u32::from_le_bytes(
            bytes.try_into().map_err(|_| Status::InvalidMemoryAccess)?,
        ))
    }

    pub(crate) fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), Status> {
        self.memory
            .write(&mut *self.caller, at as usize, bytes)
            .map_err(|_| Status::InvalidMemoryAccess)
    }

    /// Hands bytes over in memory that the guest allocates. No bytes are a null pointer, as in Envoy.
    pub(crate) fn give(&mut self, bytes: &[u8], pointer: u32, size: u32) -> Result<(), Status> {
        let length = bytes.len() as u32;
        let at = if bytes.is_empty() { 0 } else { self.allocate(length)? };
        self.write(at, bytes)?;
        self.write(pointer, &at.to_le_bytes())?;
        self.write(size, &length.to_le_bytes())
    }

    fn allocate(&mut self, size: u32) -> Result<u32, Status> {
        let export = self
            .caller
            .get_export("malloc")
            .or_else(|| self.caller.get_export("proxy_on_memory_allocate"));
        let function = export
            .and_then(|export| export.into_func())
            .expect("the guest can allocate");
        let function: TypedFunc<u32, u32> = function
            .typed(&*self.caller)
            .expect("it takes a size, and returns a pointer");
        function
            .call(&mut *self.caller, size)
            .map_err(|_| Status::InvalidMemoryAccess)
    }
}
