//! The allocator: mimalloc for small blocks, the system's for large ones.
//!
//! A request's small blocks are made on one thread and freed on another: without mimalloc it costs a fifth more CPU. Large
//! ones stay resident there: thirty uploads of 16 MiB left half a gigabyte (`docs/decisions/allocator.md`).

#![allow(unsafe_code, reason = "an allocator")]

use std::alloc::{GlobalAlloc, Layout, System};

use mimalloc::MiMalloc;

pub(crate) struct BySize;

/// From this size on, malloc maps a block by itself and gives its memory back when the block is freed. glibc does so
/// only until it has freed one of this size, and keeps some megabytes from then on.
const LARGE: usize = 1024 * 1024;

// SAFETY: the layout of a block decides between two sound allocators, and is the same when the block is freed.
unsafe impl GlobalAlloc for BySize {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        unsafe { if layout.size() < LARGE { MiMalloc.alloc(layout) } else { System.alloc(layout) } }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        unsafe {
            if layout.size() < LARGE { MiMalloc.alloc_zeroed(layout) } else { System.alloc_zeroed(layout) }
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises; the size of the block says which allocator made it.
        unsafe {
            if layout.size() < LARGE {
                MiMalloc.dealloc(block, layout);
            } else {
                System.dealloc(block, layout);
            }
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as the caller promises; a block that changes allocators is copied, and the old one freed by its maker.
        unsafe {
            match (layout.size() < LARGE, size < LARGE) {
                (true, true) => MiMalloc.realloc(block, layout, size),
                (false, false) => System.realloc(block, layout, size),
                _ => {
                    let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
                    if !moved.is_null() {
                        moved.copy_from_nonoverlapping(block, layout.size().min(size));
                        self.dealloc(block, layout);
                    }
                    moved
                }
            }
        }
    }
}
