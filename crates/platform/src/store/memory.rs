//! What a service keeps in memory.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// One value of each type, for as long as the store lives.
///
/// It is for published versions and the like, which are the same for ever (nobody is told when a row changes), and
/// for what the transactions of this process hand to others in it.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>>);

impl Memory {
    /// The value of type `T`, made at the first call.
    pub fn of<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let mut values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let value = values.entry(TypeId::of::<T>()).or_insert_with(|| Arc::<T>::default()).clone();
        // The key is the type's.
        value.downcast().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_of_each_type() {
        let memory = Memory::default();
        memory.of::<Mutex<Vec<u8>>>().lock().unwrap().push(1);
        assert_eq!(*memory.clone().of::<Mutex<Vec<u8>>>().lock().unwrap(), [1]);
        assert!(memory.of::<Mutex<Vec<i8>>>().lock().unwrap().is_empty());
    }
}
