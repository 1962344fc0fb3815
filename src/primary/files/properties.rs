//! Custom properties: what clients note about files and folders under names of their own. WebDAV's dead properties are
//! the same ones. A copy has those of its source; they go with their item.

use std::collections::HashMap;

use super::locks::{By, Touched, expect_live, refuse_locked};
use super::store::properties;
use super::{FileError, Files, Item};
use crate::primary::spaces::Space;

/// Most properties of one item.
const MAX_COUNT: u64 = 100;
const MAX_NAMESPACE_BYTES: usize = 255;
const MAX_NAME_BYTES: usize = 255;
/// Longest value in bytes.
const MAX_VALUE_BYTES: usize = 65_536;

/// A property.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Property {
    /// Whose name it is; over WebDAV an XML namespace. May be empty.
    pub namespace: String,
    /// Name in the namespace.
    pub name: String,
    /// Any text.
    pub value: String,
    /// Whether the value is the whole property as an XML element; over WebDAV a property may have more in it than text.
    #[serde(skip)]
    pub is_xml: bool,
}

/// What becomes of one property of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PropertyChange {
    /// It is there, in the place of the one of the same name.
    Set(Property),
    /// It is not there; it need not have been.
    Remove {
        /// Whose name it was.
        namespace: String,
        /// Name in the namespace.
        name: String,
    },
}

/// Why a property was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PropertyError {
    /// Nobody could ask for it.
    #[error("name: a property needs one")]
    Unnamed,
    /// Larger than a member may be.
    #[error("{member}: has {found} bytes; at most {max} are allowed")]
    TooLong {
        /// `namespace`, `name` or `value`.
        member: &'static str,
        /// Bytes that came.
        found: usize,
        /// Limit.
        max: usize,
    },
    /// The namespace is the program's own.
    #[error("namespace: `{0}` is kept for the program; choose one of your own, such as a URL of your site")]
    Reserved(String),
    /// The item has as many as it may.
    #[error("the item has {MAX_COUNT} properties already; delete one first")]
    TooMany,
}

impl Property {
    /// Refuses what is too large or has a name of the program's own.
    ///
    /// # Errors
    /// The first reason.
    pub fn check(&self) -> Result<(), PropertyError> {
        for (member, found, max) in [
            ("namespace", self.namespace.len(), MAX_NAMESPACE_BYTES),
            ("name", self.name.len(), MAX_NAME_BYTES),
            ("value", self.value.len(), MAX_VALUE_BYTES),
        ] {
            if found > max {
                return Err(PropertyError::TooLong { member, found, max });
            }
        }
        if self.name.is_empty() {
            return Err(PropertyError::Unnamed);
        }
        let namespace = self.namespace.to_lowercase();
        if namespace == "dav:" || namespace == "system" || namespace.starts_with("system.") {
            return Err(PropertyError::Reserved(self.namespace.clone()));
        }
        Ok(())
    }
}

impl Files {
    /// The properties of an item, by namespace and name.
    pub async fn properties(&self, space: Space, item: Item) -> Result<Vec<Property>, FileError> {
        match item {
            Item::File(id) => self.get(space, id).await.map(|_| ())?,
            Item::Folder(id) => self.folder(space, id).await.map(|_| ())?,
        }
        Ok(properties::of(&self.db, item).await?)
    }

    /// Gives an item a property, in the place of the one of the same name.
    pub async fn set_property(
        &self,
        space: Space,
        by: impl Into<By<'_>>,
        item: Item,
        property: &Property,
    ) -> Result<(), FileError> {
        property.check()?;
        let by = by.into();
        let mut tx = self.change_in(space).await?;
        expect_live(&mut tx, space, item).await?;
        refuse_locked(&mut tx, space, by, Touched::Itself(item)).await?;
        properties::put(&mut tx, item, property).await?;
        if properties::count(&mut tx, item).await? > MAX_COUNT {
            return Err(PropertyError::TooMany.into());
        }
        Ok(tx.commit().await?)
    }

    /// Makes several changes of the properties of an item, in their order, all or none.
    pub async fn change_properties(
        &self,
        space: Space,
        by: impl Into<By<'_>>,
        item: Item,
        changes: &[PropertyChange],
    ) -> Result<(), FileError> {
        let by = by.into();
        let mut tx = self.change_in(space).await?;
        expect_live(&mut tx, space, item).await?;
        refuse_locked(&mut tx, space, by, Touched::Itself(item)).await?;
        for change in changes {
            match change {
                PropertyChange::Set(property) => {
                    property.check()?;
                    properties::put(&mut tx, item, property).await?;
                }
                PropertyChange::Remove { namespace, name } => {
                    properties::delete(&mut tx, item, namespace, name).await?;
                }
            }
        }
        if properties::count(&mut tx, item).await? > MAX_COUNT {
            return Err(PropertyError::TooMany.into());
        }
        Ok(tx.commit().await?)
    }

    /// The properties of several items, which somebody may see; those without any are left out.
    pub async fn properties_of_all(&self, items: &[Item]) -> Result<HashMap<Item, Vec<Property>>, FileError> {
        let mut connection = self.db.read().acquire().await?;
        Ok(properties::of_all(&mut connection, items).await?)
    }

    /// Takes a property off an item.
    pub async fn delete_property(
        &self,
        space: Space,
        by: impl Into<By<'_>>,
        item: Item,
        namespace: &str,
        name: &str,
    ) -> Result<(), FileError> {
        let by = by.into();
        let mut tx = self.change_in(space).await?;
        expect_live(&mut tx, space, item).await?;
        refuse_locked(&mut tx, space, by, Touched::Itself(item)).await?;
        if !properties::delete(&mut tx, item, namespace, name).await? {
            return Err(FileError::PropertyNotFound);
        }
        Ok(tx.commit().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(namespace: &str, name: &str, bytes: usize) -> Result<(), PropertyError> {
        let value = "x".repeat(bytes);
        Property { namespace: namespace.to_owned(), name: name.to_owned(), value, is_xml: false }.check()
    }

    #[test]
    fn the_programs_own_namespaces_and_what_is_too_long_are_refused() {
        for kept in ["DAV:", "dav:", "system", "system.quota", "SYSTEM.x"] {
            assert_eq!(checked(kept, "a", 1), Err(PropertyError::Reserved(kept.to_owned())));
        }
        assert_eq!(checked("", "", 1), Err(PropertyError::Unnamed));
        assert!(matches!(
            checked("", "a", MAX_VALUE_BYTES + 1),
            Err(PropertyError::TooLong { member: "value", .. })
        ));
        assert!(matches!(
            checked("", &"a".repeat(256), 0),
            Err(PropertyError::TooLong { member: "name", .. })
        ));
        assert_eq!(checked("systematic", "a", MAX_VALUE_BYTES), Ok(()));
        assert_eq!(checked("", "a", 0), Ok(()));
    }
}
