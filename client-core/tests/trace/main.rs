//! What is worked out from the spans of an attempt, from their JSON text to rows, messages and triplets.

mod builder;
mod compare;
mod layout;
mod messages;
mod navigate;
mod text;
mod tree;
mod triplets;
