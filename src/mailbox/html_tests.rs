//! Documents, as a person would see them.

use proptest::prelude::*;

use super::*;

fn visible_text(html: &str) -> String {
    super::visible_text(html, &mut Effort::for_one_mail())
}

#[test]
fn cells_stay_apart_and_rows_are_lines() {
    assert_eq!(
        visible_text(
            "<table><tr><td>Total</td><td>12,00</td></tr><tr><td>Tax</td><td>2,00</td></tr></table>"
        ),
        "Total\t12,00\nTax\t2,00"
    );
}

#[test]
fn a_receipt_of_nested_tables_reads_in_order() {
    let html = "<body><table><tr><td><table><tr><td>You sent a payment of</td></tr><tr><td><b>&euro;23,40 EUR</b> to \
        Kiosk&nbsp;Blume</td></tr></table></td></tr><tr><td><table><tr><td>Item</td><td>Price</td></tr>\
        <tr><td>Tulips</td><td>&euro;20,00</td></tr><tr><td>Post</td><td>&euro;3,40</td></tr></table></td></tr></table>";
    let expected = [
        "You sent a payment of",
        "€23,40 EUR to Kiosk\u{a0}Blume",
        "",
        "Item\tPrice",
        "Tulips\t€20,00",
        "Post\t€3,40",
    ];
    assert_eq!(visible_text(html), expected.join("\n"));
}

#[test]
fn what_nobody_can_see_is_dropped() {
    for style in [
        "display:none",
        "DISPLAY : none !important",
        "visibility:hidden",
        "font-size:0",
        "font-size: 1px",
        "opacity:0",
        "color:red;font-size:0px;",
    ] {
        let html = format!("<p>seen</p><div style=\"{style}\">99.00 EUR</div>");
        assert_eq!(visible_text(&html), "seen", "{style}");
    }
    assert_eq!(
        visible_text("<style>.a{display:none} .b{color:red}</style><i class=a>x</i><i class=b>y</i>"),
        "y"
    );
    assert_eq!(visible_text("<p>1\u{200b}2\u{feff}.00</p>"), "12.00");
}

#[test]
fn what_can_be_seen_stays() {
    for style in ["font-size:10px", "font-size:11px", "opacity:1", "opacity:0.5", "display:block"] {
        assert_eq!(visible_text(&format!("<div style='{style}'>12.00</div>")), "12.00", "{style}");
    }
}

#[test]
fn a_hundred_thousand_levels_are_read() {
    let html = format!("{}42.00{}", "<div>".repeat(100_000), "</div>".repeat(100_000));
    assert_eq!(visible_text(&html), "42.00");
}

#[test]
fn what_is_hidden_ends_with_the_element_around_it() {
    for (html, wanted) in [
        ("<td><span style=\"display:none\">x</td><td>Total 12,00 EUR</td>", "Total 12,00 EUR"),
        ("<table><tr><td><i hidden>x</td><td>1</td></tr></table>2", "1\n\n2"),
        ("<table><tr><td hidden><span>x<td>1<tr><td>2</table>", "1\n2"),
        ("<table><tr><td><table hidden><tr><td>x</td></tr></td><td>y</table></td><td>2</table>", "2"),
        ("<div><span hidden>x</div>1", "1"),
        ("<p hidden>x<div>1</div>", "1"),
        ("<ul><li hidden><span>x<li>1</ul>", "1"),
        ("<dl><dt hidden><u>x<dd>1</dl>", "1"),
        ("<div hidden>x<p>x</div>1", "1"),
        ("<b hidden>x</b>1", "1"),
        ("<div hidden><div>x</div>x</b>x</span>x</td>x</div>1", "1"),
        ("<i hidden>x<div></i>1</div>", "1"),
        // Browsers let a formatting element go on behind the block that it was opened in, and end it with a cell.
        ("<div><b hidden>x</div>x<p>x", ""),
        ("<table><tr><td><div><b hidden>x</div>x</td><td>1</table>", "1"),
        ("<div hidden/>x</div>1", "1"),
        ("<div style='display&#58;none'>x</div>1", "1"),
        ("<!--<style>.a{display:none}</style>--><p class=a>1", "1"),
        ("<STYLE>.a{display:none}</STYLE><p class='b a'>x</p>1", "1"),
        ("<style>.a{color:red}@media print{.b{display:none}}</style><p class=a>1<p class=b>2", "1\n\n2"),
    ] {
        assert_eq!(visible_text(html), wanted, "{html}");
    }
}

#[test]
fn an_element_beyond_the_deepest_level_is_closed_and_hidden_like_any_other() {
    let deep = "<div>".repeat(3000);
    assert_eq!(visible_text(&format!("{deep}<div hidden>x</div>1<div>2")), "1\n2");
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(html in "(<[a-z]{1,5}( style='[a-z:0;]{0,9}')?>|</[a-z]{1,5}>|\\PC|&[a-z]{1,4};){0,60}") {
        visible_text(&html);
    }

    #[test]
    fn digits_in_plain_elements_are_kept(digits in prop::collection::vec("[0-9]{1,6}", 1..9)) {
        let html = digits.join("</td></tr><tr><td>");
        let text = visible_text(&format!("<table><tr><td>{html}</table>"));
        prop_assert_eq!(text.split_whitespace().collect::<Vec<_>>(), digits);
    }
}
