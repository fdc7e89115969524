//! The fields of a transaction that a person has set, by the names under which the row remembers them.

use crate::transactions::edit::TransactionChanges;

/// A field, or a group that is only ever set together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EditedField {
    /// The day, and the moment.
    BookedOn,
    /// The amount, its currency, and what the merchant charged in another one.
    Amount,
    /// The merchant.
    Merchant,
    /// The description.
    Description,
    /// The notes.
    Notes,
    /// The account.
    Account,
    /// The category.
    Category,
    /// How final it is.
    State,
}

impl EditedField {
    const ALL: [Self; 8] = [
        Self::BookedOn,
        Self::Amount,
        Self::Merchant,
        Self::Description,
        Self::Notes,
        Self::Account,
        Self::Category,
        Self::State,
    ];

    /// The name in the row.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BookedOn => "booked_on",
            Self::Amount => "amount",
            Self::Merchant => "merchant",
            Self::Description => "description",
            Self::Notes => "notes",
            Self::Account => "account_id",
            Self::Category => "category_id",
            Self::State => "state",
        }
    }

    /// The field of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == name)
    }
}

/// The fields that one edit sets.
#[derive(Clone, Debug, Default)]
pub(super) struct Edited(Vec<EditedField>);

impl Edited {
    /// What `changes` set; a new account may bring another currency with it.
    pub(super) fn of(changes: &TransactionChanges, is_in_another_currency: bool) -> Self {
        let is_set = |field: &EditedField| match field {
            EditedField::BookedOn => changes.booked_on.is_some() || changes.occurred_at.is_some(),
            EditedField::Amount => {
                changes.amount.is_some() || changes.original.is_some() || is_in_another_currency
            }
            EditedField::Merchant => changes.merchant.is_some(),
            EditedField::Description => changes.description.is_some(),
            EditedField::Notes => changes.notes.is_some(),
            EditedField::Account => changes.account_id.is_some(),
            EditedField::Category => changes.category_id.is_some(),
            EditedField::State => changes.state.is_some(),
        };
        Self(EditedField::ALL.into_iter().filter(is_set).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names in the row, with these among them.
    pub(super) fn added_to(&self, known: &[Option<String>]) -> Vec<Option<String>> {
        let is_known = |name: &str| known.iter().flatten().any(|known| known == name);
        let new = self.0.iter().map(|field| field.as_str()).filter(|name| !is_known(name));
        known.iter().cloned().chain(new.map(|name| Some(name.to_owned()))).collect()
    }
}
