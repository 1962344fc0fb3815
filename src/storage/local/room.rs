//! Free space of a store, and the reserve that a PUT may not use.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::storage::{Capacity, ErrorKind, Result, StorageError};

/// Free space as last measured, less what was promised since.
#[derive(Debug, Default)]
pub(super) struct Room(Mutex<Space>);

#[derive(Debug, Default)]
struct Space {
    measured: Capacity,
    /// Bytes of admitted PUTs that a measurement may not see yet.
    pending: u64,
    /// Bytes that came to the disk since the measurement began.
    written: u64,
}

impl Room {
    /// Takes the result of `measure`. What is written while it runs counts twice until the next time, never not at all.
    pub(super) fn measure<E>(
        &self,
        measure: impl FnOnce() -> std::result::Result<Capacity, E>,
    ) -> std::result::Result<(), E> {
        let before = self.space().written;
        let measured = measure()?;
        let mut space = self.space();
        space.measured = measured;
        space.written -= before;
        Ok(())
    }

    /// The last measurement.
    pub(super) fn measured(&self) -> Capacity {
        self.space().measured
    }

    /// Promises `size` bytes, or [`ErrorKind::Full`] when less than `reserve` would stay free.
    pub(super) fn admit(self: &Arc<Self>, size: u64, reserve: u64) -> Result<Admission> {
        let mut space = self.space();
        let free = space.measured.free_bytes.saturating_sub(space.pending).saturating_sub(space.written);
        if free < reserve.saturating_add(size) {
            let message = format!(
                "{size} bytes do not fit: {free} are free, of which {reserve} stay reserved; free some space"
            );
            return Err(StorageError::new(ErrorKind::Full, message));
        }
        space.pending += size;
        Ok(Admission { room: Arc::clone(self), size })
    }

    fn space(&self) -> MutexGuard<'_, Space> {
        // Sums are consistent between any two statements.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A promise of space. Dropped, the space is free again; [`Admission::settle`] says it is in use on the disk.
#[derive(Debug)]
pub(super) struct Admission {
    room: Arc<Room>,
    size: u64,
}

impl Admission {
    /// From here on a measurement sees the bytes: they are written, or space for them is allocated.
    pub(super) fn settle(self) {
        self.room.space().written += self.size;
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.room.space().pending -= self.size;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(free_bytes: u64) -> Arc<Room> {
        let room = Arc::new(Room::default());
        measure(&room, free_bytes);
        room
    }

    fn measure(room: &Room, free_bytes: u64) {
        let measured = Capacity { free_bytes, total_bytes: 1000 };
        room.measure(|| Ok::<_, ()>(measured)).expect("measured");
    }

    #[test]
    fn the_reserve_stays_free_whatever_is_under_way() {
        let room = room(100);
        let first = room.admit(30, 50).expect("leaves 70");
        let second = room.admit(20, 50).expect("leaves exactly the reserve");
        assert_eq!(room.admit(1, 50).expect_err("no more").kind(), ErrorKind::Full);
        drop(first);
        room.admit(30, 50).expect("a PUT that failed gives its room back");
        second.settle();
        assert!(room.admit(31, 50).is_err(), "a PUT that is done has used its room");
        measure(&room, 200);
        room.admit(150, 50).expect("a measurement sees what was written before");
        assert!(room.admit(u64::MAX, 1).is_err());
    }

    #[test]
    fn what_is_written_during_a_measurement_is_not_forgotten() {
        let room = room(100);
        let admission = room.admit(60, 0).expect("fits");
        room.measure(|| {
            admission.settle();
            Ok::<_, ()>(Capacity { free_bytes: 100, total_bytes: 1000 })
        })
        .expect("measured");
        assert!(room.admit(41, 0).is_err());
    }
}
