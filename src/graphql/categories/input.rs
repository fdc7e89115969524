//! Which categories are wanted, and what is to become of one.

use async_graphql::{Enum, ID, InputObject, MaybeUndefined, OneofObject};

use crate::categories;
use crate::categories::{CategoryChanges, NewCategory};
use crate::error::{Code, Error, Result};
use crate::graphql::categories::object::CategoryKind;
use crate::graphql::change::changed;
use crate::graphql::global_id::NodeType;
use crate::transactions::refile::Destination;

/// Which categories are wanted. All the conditions have to hold; an empty list asks for nothing.
#[derive(InputObject, Default)]
pub struct CategoryFilter {
    /// Of one of these kinds.
    kinds: Option<Vec<CategoryKind>>,
    /// Right below one of these categories.
    parent_ids: Option<Vec<ID>>,
    /// True for the categories at the top, false for those below another one.
    is_at_top: Option<bool>,
    /// The name holds this, ignoring case.
    text: Option<String>,
}

/// The order of a list of categories.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum CategoryOrder {
    /// The oldest first.
    #[default]
    CreatedAtAsc,
    /// The newest first.
    CreatedAtDesc,
}

/// The category to make.
#[derive(InputObject)]
pub struct CreateCategoryInput {
    /// Its name, 1 to 100 characters; unique among its siblings, ignoring case.
    name: String,
    /// What kind of money it holds. Below another category it has to be the kind of that one.
    kind: CategoryKind,
    /// The category above; at the top unless given.
    parent_id: Option<ID>,
    /// The colour in charts, as `#rrggbb`.
    colour: Option<String>,
    /// The name of an icon, at most 50 characters.
    icon: Option<String>,
    /// A second call with the same key and input within a day makes nothing, and answers as the first one did.
    pub idempotency_key: Option<String>,
}

/// What is to be different about a category. What is left out stays as it is.
#[derive(InputObject)]
pub struct UpdateCategoryInput {
    /// The category.
    pub id: ID,
    /// Its name, 1 to 100 characters; unique among its siblings, ignoring case.
    name: MaybeUndefined<String>,
    /// What kind of money it holds. It is the kind of the category above, and of those below.
    kind: MaybeUndefined<CategoryKind>,
    /// The category above; null for the top. Not one that stands below it.
    parent_id: MaybeUndefined<ID>,
    /// The colour in charts, as `#rrggbb`; null for none.
    colour: MaybeUndefined<String>,
    /// The name of an icon, at most 50 characters; null for none.
    icon: MaybeUndefined<String>,
}

/// The category to delete, and where goes what refers to it.
#[derive(InputObject)]
pub struct DeleteCategoryInput {
    /// The category.
    pub id: ID,
    /// Where its transactions go. Needed when it has any: otherwise the answer is `IN_USE`.
    transactions_to: Option<CategoryDestination>,
    /// Where the categories right below it go. Needed when there are any: otherwise the answer is `IN_USE`.
    children_to: Option<CategoryDestination>,
}

/// Where something goes whose category is deleted.
#[derive(OneofObject)]
pub enum CategoryDestination {
    /// To this category.
    CategoryId(ID),
    /// True: nowhere. Transactions have no category then, and categories stand at the top.
    Nowhere(bool),
}

impl CategoryFilter {
    /// The filter as the list takes it; an error for an id of another type.
    pub fn parse(self) -> Result<categories::CategoryFilter> {
        Ok(categories::CategoryFilter {
            kinds: self.kinds.into_iter().flatten().map(Into::into).collect(),
            parent_ids: NodeType::Category.read_all(self.parent_ids.as_ref(), "parentIds")?,
            is_at_top: self.is_at_top,
            text: self.text,
        })
    }
}

impl CreateCategoryInput {
    /// The category as the rules take it.
    pub fn parse(self) -> Result<NewCategory> {
        let parent_id = self.parent_id.map(|id| NodeType::Category.read(&id, "parentId")).transpose()?;
        let Self { name, kind, colour, icon, .. } = self;
        Ok(NewCategory { name, kind: kind.into(), parent_id, colour, icon })
    }
}

impl UpdateCategoryInput {
    /// The changes as the rules take them.
    pub fn parse(self) -> Result<CategoryChanges> {
        let parent_id: Option<Option<ID>> = self.parent_id.into();
        let parent = |id: Option<ID>| id.map(|id| NodeType::Category.read(&id, "parentId")).transpose();
        Ok(CategoryChanges {
            name: changed("name", self.name)?,
            kind: changed("kind", self.kind)?.map(Into::into),
            parent_id: parent_id.map(parent).transpose()?,
            colour: self.colour.into(),
            icon: self.icon.into(),
        })
    }
}

impl DeleteCategoryInput {
    /// Where the transactions go, and where the categories below; `None` where nothing was said.
    pub fn destinations(&self) -> Result<(Option<Destination>, Option<Destination>)> {
        let transactions_to = self.transactions_to.as_ref().map(|to| to.parse("transactionsTo"));
        let children_to = self.children_to.as_ref().map(|to| to.parse("childrenTo"));
        Ok((transactions_to.transpose()?, children_to.transpose()?))
    }
}

impl CategoryDestination {
    fn parse(&self, field: &str) -> Result<Destination> {
        match self {
            Self::CategoryId(id) => NodeType::Category.read(id, field).map(Destination::To),
            Self::Nowhere(true) => Ok(Destination::Nowhere),
            Self::Nowhere(false) => {
                let message = "`nowhere` is true, or a category is named.";
                Err(Error::rejected(field, Code::Invalid, message))
            }
        }
    }
}
