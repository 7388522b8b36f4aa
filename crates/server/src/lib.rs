//! Zygos.
