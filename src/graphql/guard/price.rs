//! The price of an operation: an object costs 1, a scalar 0, a connection 1 + page * its node.
//!
//! It is worked out for each request, since the size of a page may be a variable. Each fragment is priced once, and
//! the sums saturate. A connection costs its page whatever is selected of it: its rows are read before anybody looks at
//! the selection, and a node costs 1 at least. `totalCount` is no scalar like others: it reads the whole list, and costs
//! a fixed sum, at each of its aliases. A list of objects that is asked for by `ids` costs as much as that many objects; so do
//! the `results` of a mutation of several rows, by the most that it takes. A sum over a `period` reads many rows, too, and costs
//! what a count does and a page. `__schema` costs a fixed sum: its answer is the longest of all. Any other list that is not a connection is small and fixed, and costs as much as an object.

use std::collections::HashMap;

use apollo_compiler::executable::{
    ExecutableDocument, Field, Name, Operation, Selection, SelectionSet, Value,
};
use apollo_compiler::response::{JsonMap, JsonValue};

use crate::graphql::error::{Refusal, RequestCode};
use crate::graphql::guard::limits::Limits;

/// The most rows that one mutation answers for.
const MOST_RESULTS: u64 = 100;

/// The price of an operation of a valid document, with its coerced variables; an error when it is above the limit.
pub fn price(
    document: &ExecutableDocument,
    operation: &Operation,
    variables: &JsonMap,
    limits: &Limits,
) -> Result<u64, Refusal> {
    let mut pricing = Pricing { document, variables, limits, fragments: HashMap::new() };
    let price = pricing.selection_set(&operation.selection_set).once;
    if price > limits.complexity {
        return Err(Refusal::new(
            RequestCode::QueryTooComplex,
            format!(
                "The operation is too expensive: it costs {price}, and at most {} is allowed. Ask for fewer rows or fewer related objects.",
                limits.complexity
            ),
        ));
    }
    Ok(price)
}

/// What a selection costs: once, and again for each row of the connection that it is selected on.
#[derive(Clone, Copy, Default)]
struct Price {
    once: u64,
    per_row: u64,
}

struct Pricing<'a> {
    document: &'a ExecutableDocument,
    variables: &'a JsonMap,
    limits: &'a Limits,
    fragments: HashMap<&'a Name, Price>,
}

impl<'a> Pricing<'a> {
    fn selection_set(&mut self, set: &'a SelectionSet) -> Price {
        let on_connection = is_connection(set);
        set.selections.iter().fold(Price::default(), |sum, selection| {
            let price = match selection {
                Selection::Field(field) => self.field(field, on_connection),
                Selection::InlineFragment(fragment) => self.selection_set(&fragment.selection_set),
                Selection::FragmentSpread(spread) => self.fragment(&spread.fragment_name),
            };
            Price {
                once: sum.once.saturating_add(price.once),
                per_row: sum.per_row.saturating_add(price.per_row),
            }
        })
    }

    fn field(&mut self, field: &'a Field, on_connection: bool) -> Price {
        if on_connection && field.name == "totalCount" {
            return Price { once: self.limits.total_count, per_row: 0 };
        }
        if field.selection_set.is_empty() {
            return Price::default();
        }
        let below = self.selection_set(&field.selection_set);
        let own = if field.name == "__schema" { self.limits.introspected_schema } else { 1 };
        let object = below.once.saturating_add(own);
        match field.name.as_str() {
            "nodes" if on_connection => Price { once: 0, per_row: object },
            // The edge itself is free: its node is what costs.
            "edges" if on_connection => Price { once: 0, per_row: below.once.max(1) },
            _ if field.ty().is_list() => self.list(field, object),
            _ if is_connection(&field.selection_set) => {
                let rows = below.per_row.max(1).saturating_mul(self.page(field));
                Price { once: object.saturating_add(rows), per_row: 0 }
            }
            _ => Price { once: object, per_row: 0 },
        }
    }

    fn fragment(&mut self, name: &Name) -> Price {
        if let Some(price) = self.fragments.get(name) {
            return *price;
        }
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else {
            return Price::default();
        };
        let price = self.selection_set(&fragment.selection_set);
        self.fragments.insert(name, price);
        price
    }

    /// A list that is not a connection, of which one object costs that much.
    fn list(&self, field: &Field, object: u64) -> Price {
        if field.definition.argument_by_name("period").is_some() {
            let rows = object.saturating_mul(self.page(field));
            return Price { once: rows.saturating_add(self.limits.total_count), per_row: 0 };
        }
        let results = || (field.name == "results").then_some(MOST_RESULTS);
        let objects = self.asked_by_ids(field).or_else(results).unwrap_or(1);
        Price { once: object.saturating_mul(objects), per_row: 0 }
    }

    /// The rows that a connection is asked for.
    fn page(&self, field: &Field) -> u64 {
        let rows = |name| match self.argument(field, name)? {
            Argument::Literal(Value::Int(rows)) => rows.as_str().parse().ok(),
            Argument::Variable(value) => value.as_i64(),
            Argument::Literal(_) => None,
        };
        let asked = rows("first").into_iter().chain(rows("last")).max();
        asked.map_or(self.limits.default_page, |rows: i64| u64::try_from(rows).unwrap_or_default())
    }

    /// How many objects a field is asked for by their ids; `None` when it has no such argument.
    fn asked_by_ids(&self, field: &Field) -> Option<u64> {
        let asked = match self.argument(field, "ids")? {
            Argument::Literal(Value::List(ids)) => ids.len(),
            Argument::Variable(JsonValue::Array(ids)) => ids.len(),
            Argument::Literal(_) | Argument::Variable(_) => 1,
        };
        Some(u64::try_from(asked).unwrap_or(u64::MAX))
    }

    /// The value of an argument: what the document says, the coerced variable, or the default in the schema.
    fn argument<'b>(&'b self, field: &'b Field, name: &str) -> Option<Argument<'b>> {
        if let Some(value) = field.specified_argument_by_name(name) {
            let Value::Variable(variable) = value.as_ref() else {
                return Some(Argument::Literal(value.as_ref()));
            };
            if let Some(value) = self.variables.get(variable.as_str()) {
                return Some(Argument::Variable(value));
            }
        }
        let definition = field.definition.argument_by_name(name)?;
        Some(Argument::Literal(definition.default_value.as_ref()?.as_ref()))
    }
}

/// True for the fields of a connection, which its type's name tells.
fn is_connection(set: &SelectionSet) -> bool {
    set.ty.as_str().ends_with("Connection")
}

enum Argument<'a> {
    Literal(&'a Value),
    Variable(&'a JsonValue),
}
