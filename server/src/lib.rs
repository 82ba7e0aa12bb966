//! The lightning-store server.
pub mod app;
pub mod clock;
pub mod config;
pub mod domain;
pub mod http;
pub mod ids;
pub mod limits;
pub mod service;
pub mod storage;
