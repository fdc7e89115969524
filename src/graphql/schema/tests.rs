//! The schema's text: fresh, described everywhere, and free of what it must not hold.

use std::path::Path;

use super::*;

#[test]
fn the_printed_schema_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.graphql");
    let printed = sdl().unwrap();
    assert!(std::fs::read_to_string(path).unwrap_or_default() == printed, "run `make generate`");
}

#[test]
fn every_type_field_argument_and_value_has_a_description() {
    use apollo_compiler::Schema;
    use apollo_compiler::schema::ExtendedType;

    let schema = Schema::parse_and_validate(sdl().unwrap(), "schema.graphql").unwrap();
    let mut bare = Vec::new();
    let mut check = |name: String, is_described: bool| {
        if !is_described {
            bare.push(name);
        }
    };
    for (name, definition) in schema.types.iter().filter(|(_, definition)| !definition.is_built_in()) {
        check(name.to_string(), definition.description().is_some());
        let fields = match definition {
            ExtendedType::Object(object) => Some(&object.fields),
            ExtendedType::Interface(interface) => Some(&interface.fields),
            _ => None,
        };
        for (field, definition) in fields.into_iter().flatten() {
            check(format!("{name}.{field}"), definition.description.is_some());
            for argument in &definition.arguments {
                check(format!("{name}.{field}({})", argument.name), argument.description.is_some());
            }
        }
        if let ExtendedType::InputObject(input) = definition {
            for (field, definition) in &input.fields {
                check(format!("{name}.{field}"), definition.description.is_some());
            }
        }
        if let ExtendedType::Enum(values) = definition {
            for (value, definition) in &values.values {
                check(format!("{name}.{value}"), definition.description.is_some());
            }
        }
    }
    assert!(bare.is_empty(), "without a description: {bare:#?}");
}

#[test]
fn no_field_is_a_float() {
    assert!(!sdl().unwrap().contains(": Float"));
}
