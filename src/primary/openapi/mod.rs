//! The API as it describes itself.
//!
//! A route is entered once, in the `routes()` of its domain: path, method, handler and, in a few words, what it is for.
//! Everything else is read off the handler's signature: who may call it, the members of path and query, the body, the
//! answer. So the document cannot say anything else than what runs. There is no way to add a route past it.

mod api;
mod description;
mod document;
mod operation;
mod page;
mod routes;
mod schemas;

pub(in crate::primary) use self::api::routes as own_routes;
pub(in crate::primary) use self::description::{
    Access, Archive, Content, Description, Documented, Input, Output, Picture, Shaped,
};
pub(in crate::primary) use self::document::Document;
pub(in crate::primary) use self::routes::{Routes, delete, get, patch, post, put};
