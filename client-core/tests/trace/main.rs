//! What is worked out from the spans of an attempt, from their JSON text to rows, messages and triplets.

mod builder;
mod layout;
mod tree;
mod triplets;
