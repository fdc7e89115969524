//! Given piece by piece, a document is read as if it were given whole.

use proptest::prelude::*;

use super::*;

/// Text in one, whatever it came in.
fn joined(tokens: impl Iterator<Item = Token>) -> Vec<Token> {
    let mut all = Vec::new();
    for token in tokens {
        if let Token::Text(text) = &token
            && let Some(Token::Text(before)) = all.last_mut()
        {
            before.push_tendril(text);
        } else {
            all.push(token);
        }
    }
    all
}

fn piece_by_piece(html: &str) -> Vec<Token> {
    let (mut tokens, mut effort) = (Tokens::of(html), Effort::for_one_mail());
    joined(std::iter::from_fn(|| tokens.next(&mut effort)))
}

fn whole(html: &str) -> Vec<Token> {
    let tokenizer = Tokenizer::new(Sink::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(html));
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    joined(tokenizer.sink.found.into_inner().into_iter())
}

#[test]
fn no_piece_is_cut_where_it_makes_a_difference() {
    for html in [
        "a<!-->b<!--->c<!---!>d-->e<!----!>f<!-- -- > --!>g",
        "<!DOCTYPE html PUBLIC \"a>b\">c<![CDATA[d>e]]>f<?g>h</>i</ j>k<l",
        "<a style=1 STYLE=2 class = 'x>y' hidden/>b<i class=/>c<u =style=3>d<p class=\"&quot;&copy=1\">",
        "<script><!--<script>a</script>b<script><!-->c</script>d<script>if (a<b && c-->d)</script>e",
        "<style>a</styles>b</style >c<textarea><b>&amp;</textarea>d<title>e</title f>g<iframe>h",
        "1 < 2 <3 </ <",
        "<td",
        "a<b style='unclosed>c",
        &format!("<!--{}>-->a<?{}>b", "é".repeat(LONGEST_PIECE), "<i>".repeat(LONGEST_PIECE / 3)),
    ] {
        assert_eq!(piece_by_piece(html), whole(html), "{html}");
    }
}

#[test]
fn only_the_name_of_a_very_long_tag_is_read() {
    let long = "b='>' ".repeat(1000);
    for (html, wanted) in [
        ("a<td @>b</TD @>c", "a<td>b</td>c"),
        ("<style @><a></style @>c", "<style><a></style>c"),
        ("<!-- <td @> -->a", "a"),
        ("<p>a<td @", "<p>a"),
        ("<b/@/>a</b/@>", "<b>a</b>"),
    ] {
        assert_eq!(piece_by_piece(&html.replace('@', &long)), whole(wanted), "{html}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn any_mixture_of_markup_is_read_as_if_it_were_given_whole(pieces in prop::collection::vec(prop::sample::select(vec![
        "<", ">", "</", "<!--", "-->", "--!>", "--", "-", "!", "<!", "<?", "=", "'", "\"", " ", "\n", "\r", "\0", "/", "&", ";",
        "#x", "a", "B", "7", "é", "style", "class", "hidden", "<a", "<td ", "<style>", "</style>", "<script", "</script",
        "<script>", "</script>", "<title>", "</title>", "<textarea>", "</textarea>", "&amp;", "&lt", "&not", "&#65;", "€",
    ]), 0..24)) {
        let html = pieces.concat();
        prop_assert_eq!(piece_by_piece(&html), whole(&html), "{}", html);
    }
}
