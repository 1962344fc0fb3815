//! `/properties` (primary spec §2.8).

use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::http::{ApiError, Json, Path, Reply, empty, ok};
use crate::primary::Primary;
use crate::primary::files::{Item, Property};
use crate::primary::teams::InSpace;
use crate::protocol::codes;

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum Kind {
    File,
    Folder,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Of {
    kind: Kind,
    id: i64,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct Named {
    kind: Kind,
    id: i64,
    namespace: String,
    name: String,
}

fn item(kind: Kind, id: i64) -> Item {
    match kind {
        Kind::File => Item::File(id),
        Kind::Folder => Item::Folder(id),
    }
}

pub(super) async fn list(
    State(primary): State<Primary>,
    InSpace { space, .. }: InSpace,
    Path(Of { kind, id }): Path<Of>,
) -> Result<Reply<Vec<Property>>, ApiError> {
    Ok(ok(primary.files.properties(space, item(kind, id)).await?))
}

pub(super) async fn put(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Path(Of { kind, id }): Path<Of>,
    Json(property): Json<Property>,
) -> Result<Reply<Property>, ApiError> {
    // Over this way it could not be named again.
    if property.namespace.is_empty() {
        return Err(ApiError::new(codes::BAD_REQUEST, "namespace: give one, such as a URL of your site"));
    }
    primary.files.set_property(space, user.id, item(kind, id), &property).await?;
    Ok(ok(property))
}

pub(super) async fn delete(
    State(primary): State<Primary>,
    InSpace { user, space }: InSpace,
    Path(Named { kind, id, namespace, name }): Path<Named>,
) -> Result<Reply<()>, ApiError> {
    primary.files.delete_property(space, user.id, item(kind, id), &namespace, &name).await?;
    Ok(empty())
}
