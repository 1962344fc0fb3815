//! A router that keeps a record of what it routes.

use axum::Router;
use axum::handler::Handler;
use axum::routing::MethodRouter;

use super::{Description, Documented};
use crate::primary::Primary;

/// Routes of the primary, each with its entry in the document.
#[derive(Debug, Clone, Default)]
pub(in crate::primary) struct Routes {
    router: Router<Primary>,
    entries: Vec<Entry>,
}

/// One method of one path.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// As in OpenAPI: lower case.
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) summary: &'static str,
    /// Path of the handler in the program.
    pub(super) handler: &'static str,
    /// Names and meanings of request headers that count.
    pub(super) headers: Vec<(&'static str, &'static str)>,
    /// Whether the body is a form with a file, which no extractor tells.
    pub(super) takes_form: bool,
    pub(super) describe: fn(&mut Description<'_>),
}

/// The methods of a path.
#[derive(Debug, Clone, Default)]
pub(in crate::primary) struct Endpoint {
    methods: MethodRouter<Primary>,
    entries: Vec<Entry>,
}

impl Routes {
    /// None yet.
    pub(in crate::primary) fn new() -> Self {
        Self::default()
    }

    /// Adds a path.
    pub(in crate::primary) fn route(mut self, path: &str, endpoint: Endpoint) -> Self {
        self.entries
            .extend(endpoint.entries.into_iter().map(|entry| Entry { path: path.to_owned(), ..entry }));
        Self { router: self.router.route(path, endpoint.methods), entries: self.entries }
    }

    /// Adds the routes of another.
    pub(in crate::primary) fn merge(mut self, other: Self) -> Self {
        self.entries.extend(other.entries);
        Self { router: self.router.merge(other.router), entries: self.entries }
    }

    /// Adds the routes of another below a path.
    pub(in crate::primary) fn nest(mut self, prefix: &str, other: Self) -> Self {
        let below = |entry: Entry| Entry { path: format!("{prefix}{}", entry.path), ..entry };
        self.entries.extend(other.entries.into_iter().map(below));
        Self { router: self.router.nest(prefix, other.router), entries: self.entries }
    }

    /// What routes requests.
    pub(in crate::primary) fn into_router(self) -> Router<Primary> {
        self.router
    }

    pub(super) fn into_entries(self) -> Vec<Entry> {
        self.entries
    }
}

impl Endpoint {
    /// Names a request header that counts; for the method that was added last.
    pub(in crate::primary) fn header(mut self, name: &'static str, meaning: &'static str) -> Self {
        if let Some(entry) = self.entries.last_mut() {
            entry.headers.push((name, meaning));
        }
        self
    }

    /// Says that the method that was added last takes a form with a file.
    pub(in crate::primary) fn takes_form(mut self) -> Self {
        if let Some(entry) = self.entries.last_mut() {
            entry.takes_form = true;
        }
        self
    }

    fn with<H: Documented<T>, T>(
        mut self,
        method: &'static str,
        summary: &'static str,
        route: impl FnOnce(MethodRouter<Primary>) -> MethodRouter<Primary>,
    ) -> Self {
        self.entries.push(Entry {
            method,
            path: String::new(),
            summary,
            handler: std::any::type_name::<H>(),
            headers: Vec::new(),
            takes_form: false,
            describe: H::describe,
        });
        Self { methods: route(self.methods), entries: self.entries }
    }
}

macro_rules! methods {
    ($($method:ident)*) => {
        $(
            /// Serves this method with `handler`; `summary` says in a few words what it does.
            pub(in crate::primary) fn $method<H, T>(handler: H, summary: &'static str) -> Endpoint
            where
                H: Handler<T, Primary> + Documented<T>,
                T: 'static,
            {
                Endpoint::default().$method(handler, summary)
            }
        )*

        impl Endpoint {
            $(
                /// The same for one more method of the path.
                pub(in crate::primary) fn $method<H, T>(self, handler: H, summary: &'static str) -> Self
                where
                    H: Handler<T, Primary> + Documented<T>,
                    T: 'static,
                {
                    self.with::<H, T>(stringify!($method), summary, |methods| methods.$method(handler))
                }
            )*
        }
    };
}

methods!(get post put patch delete);
