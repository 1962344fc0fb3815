//! COPY and MOVE, each one transaction with the deletion of what is overwritten.

use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::address::Address;
use super::problem::Problem;
use super::{Call, Depth, conditions};
use crate::primary::files::{Entry, Item, Spot};
use crate::primary::webdav::places::Place;

pub(super) async fn copy_or_move(call: &Call) -> Result<Response, Problem> {
    let moves = call.method.as_str() == "MOVE";
    let target = Address::of_destination(&call.headers, &call.primary)?;
    let overwrites = match call.header("overwrite") {
        None => true,
        Some(text) if text.eq_ignore_ascii_case("t") => true,
        Some(text) if text.eq_ignore_ascii_case("f") => false,
        Some(_) => return Err(Problem::bad_request("Overwrite: is neither T nor F")),
    };
    let place = call.place().await?;
    let (from, entry) = match &place {
        Place::Entry { spot, entry } => (spot, entry),
        Place::Free(_) | Place::Shut | Place::Nowhere => return Err(Problem::not_found()),
        Place::Top { .. } | Place::Teams | Place::Team { .. } => {
            return Err(Problem::forbidden(
                "this folder can be neither moved nor copied, only what is in it",
            ));
        }
    };
    let deep = match (Depth::of(call)?, entry) {
        (Depth::Infinity, _) | (_, Entry::File(_)) => true,
        (Depth::Zero, Entry::Folder(_)) if !moves => false,
        _ => return Err(Problem::bad_request("Depth: must be infinity, or 0 to copy an empty folder")),
    };
    if call.address.holds(&target) || target.holds(&call.address) {
        let text = "something can be moved or copied neither into itself nor over a folder that it lies in";
        return Err(Problem::forbidden(text));
    }
    call.refuse_system_file(&target)?;
    let to = match call.place_of(&target).await? {
        Place::Entry { spot, .. } | Place::Free(spot) => spot,
        Place::Nowhere => return Err(Problem::conflict("the folder at the destination is not there")),
        Place::Top { .. } | Place::Teams | Place::Team { .. } | Place::Shut => {
            return Err(Problem::forbidden(
                "the destination is a folder that cannot be changed, only what is in it",
            ));
        }
    };
    if to.space != from.space {
        let text =
            "what is in one space cannot be moved or copied into another one here; download and upload it";
        return Err(Problem::elsewhere(text));
    }
    let tokens = conditions::check(call, &place).await?;
    let task = Task { call, item: entry.item(), to: &to, tokens: &tokens, moves, deep, overwrites };
    let was_there = task.run().await?;
    Ok(if was_there { StatusCode::NO_CONTENT } else { StatusCode::CREATED }.into_response())
}

struct Task<'a> {
    call: &'a Call,
    item: Item,
    to: &'a Spot,
    tokens: &'a [String],
    moves: bool,
    deep: bool,
    overwrites: bool,
}

impl Task<'_> {
    /// Whether something was overwritten. It lies in the trash then; but a file that is copied over a file becomes its new
    /// content, and the one before is a version.
    async fn run(&self) -> Result<bool, Problem> {
        let Self { call, item, to, .. } = *self;
        let (primary, by) = (&call.primary, call.by(self.tokens));
        let files = &primary.files;
        let mut tx = primary.db.begin().await?;
        files.take_space(&mut tx, to).await?;
        let there = files.named(&mut tx, to).await?;
        if !there.is_empty() && !self.overwrites {
            return Err(Problem::precondition("there is something at the destination already"));
        }
        let mut released = Vec::new();
        match (item, &there[..]) {
            (Item::File(from), [Item::File(over)]) if !self.moves => {
                released = files.copy_over(&mut tx, by, from, *over, to).await?;
            }
            _ => {
                for over in &there {
                    primary.trash.put_in(&mut tx, files, to.space, by, *over).await?;
                }
                if self.moves {
                    files.move_to(&mut tx, by, item, to).await?;
                } else {
                    files.copy_to(&mut tx, by, item, to, self.deep).await?;
                }
            }
        }
        tx.commit().await?;
        files.remove_released(&primary.policies, released).await;
        let what = if self.moves { "moved" } else { "copied" };
        tracing::info!(user.id = by.user_id, item = item.kind(), item.id = item.id(), "{what} over WebDAV");
        Ok(!there.is_empty())
    }
}
