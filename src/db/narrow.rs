//! Narrowing a query to the rows whose column holds one of some values.

/// The boxed query, narrowed to the rows whose column is one of the values; no values ask for nothing. One value is compared by
/// `=`, with which an index keeps the order that follows it; with `= ANY` all the rows would be sorted.
macro_rules! narrowed {
    ($query:expr, $column:expr, $values:expr) => {
        match &$values[..] {
            [] => $query,
            [one] => $query.filter($column.eq(one.to_owned())),
            several => $query.filter($column.eq_any(several.to_vec())),
        }
    };
}

pub(crate) use narrowed;
