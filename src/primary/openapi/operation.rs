//! What each extractor and each kind of answer says about an operation. Those of a domain say it beside their own code.

use axum::body::Body;
use axum::extract::State;
use http::{HeaderMap, Method, Uri};
use schemars::JsonSchema;

use super::description::{Archive, Content, Description, Documented, Input, Output, Picture, Shaped};
use crate::http::{ApiError, Json, Path, Query, Reply};
use crate::primary::Primary;
use crate::primary::caller::Caller;

macro_rules! documented {
    ($($input:ident)+) => {
        impl<F, Answer, R, M, $($input),+> Documented<(M, $($input,)+)> for F
        where
            F: FnOnce($($input),+) -> Answer,
            Answer: Future<Output = R>,
            R: Output,
            $($input: Input),+
        {
            fn describe(description: &mut Description<'_>) {
                $($input::describe(description);)+
                R::describe(description);
            }
        }
    };
}

documented!(A);
documented!(A B);
documented!(A B C);
documented!(A B C D);
documented!(A B C D E);
documented!(A B C D E G);

impl<F, Answer, R> Documented<((),)> for F
where
    F: FnOnce() -> Answer,
    Answer: Future<Output = R>,
    R: Output,
{
    fn describe(description: &mut Description<'_>) {
        R::describe(description);
    }
}

macro_rules! silent {
    ($($input:ty)*) => {
        $(
            impl Input for $input {
                fn describe(_: &mut Description<'_>) {}
            }
        )*
    };
}

silent!(State<Primary> Caller HeaderMap Method Uri);

impl Input for Body {
    fn describe(description: &mut Description<'_>) {
        description.bytes_body();
    }
}

impl<T: JsonSchema> Input for Path<T> {
    fn describe(description: &mut Description<'_>) {
        description.path_members::<T>();
    }
}

impl<T: JsonSchema> Input for Query<T> {
    fn describe(description: &mut Description<'_>) {
        description.query_members::<T>();
    }
}

impl<T: JsonSchema> Input for Json<T> {
    fn describe(description: &mut Description<'_>) {
        description.json_body::<T>(true);
    }
}

impl<T: JsonSchema> Input for Option<Json<T>> {
    fn describe(description: &mut Description<'_>) {
        description.json_body::<T>(false);
    }
}

impl<T: Output> Output for Result<T, ApiError> {
    fn describe(description: &mut Description<'_>) {
        T::describe(description);
    }
}

impl<T: JsonSchema, const STATUS: u16> Output for Reply<T, STATUS> {
    fn describe(description: &mut Description<'_>) {
        description.json_reply::<T>(STATUS);
    }
}

impl<T: Output> Output for Shaped<T> {
    fn describe(description: &mut Description<'_>) {
        T::describe(description);
    }
}

impl Output for Content {
    fn describe(description: &mut Description<'_>) {
        description.header("Range", "One range of bytes");
        description.header("If-None-Match", "Entity tags that the client has");
        description.header("If-Range", "The entity tag that the range is of");
        description.reply(200, "The whole content.", &["*/*"]);
        description.reply(206, "The range.", &["*/*"]);
        description.reply(302, "The content is where `Location` says.", &[]);
        description.reply(304, "The client has it.", &[]);
        description.refusal(416);
    }
}

impl Output for Archive {
    fn describe(description: &mut Description<'_>) {
        description.reply(200, "The archive, of the announced length.", &["application/zip"]);
        description.refusal(413);
    }
}

impl Output for Picture {
    fn describe(description: &mut Description<'_>) {
        description.header("If-None-Match", "Entity tags that the client has");
        description.reply(200, "The picture.", &["image/jpeg", "image/png", "image/webp"]);
        description.json_reply::<()>(202);
        description.reply(304, "The client has it.", &[]);
        description.refusal(422);
    }
}
