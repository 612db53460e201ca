//! Every message of this crate: one line each.

use crate::codes;

codes! {
    /// The messages about the text of a file.
    CODES;
    FILE_UNREADABLE: error "file-unreadable", "a spec that is not there or cannot be read";
    FILE_EMPTY: error "file-empty", "a file with nothing in it";
    FILE_TOO_LARGE: error "file-too-large", "a file larger than any spec";
    NOT_TEXT: error "not-text", "a file that is not text";
    EDITION_MISSING: error "edition-missing", "a file that does not say its edition of the language";
    EDITION_UNKNOWN: error "edition-unknown", "an edition that does not exist";
    EDITION_MISPLACED: error "edition-misplaced", "an edition that is not the first statement, or a second one";
    UNKNOWN_WORD: error "unknown-word", "a line that starts with no word of the language";
    STATEMENT_MISPLACED: error "statement-misplaced", "a statement that stands in the wrong block";
    ROLE_MISSING: error "role-missing", "a quantity defined without saying what it is";
    UNEXPECTED: error "unexpected", "something other than what a statement needs at this place";
    SEVERAL_ON_LINE: error "several-on-line", "more on a line than one statement";
    NAME_RESERVED: error "name-reserved", "a reserved word used as a name";
    OPERATOR_FOREIGN: error "operator-foreign", "an operator of another language";
    CHARACTER_UNKNOWN: error "character-unknown", "a character that the language does not use";
    QUOTE_OPEN: error "quote-open", "a text without its closing quote";
    BRACKET_OPEN: error "bracket-open", "a bracket that is never closed";
    BRACKET_STRAY: error "bracket-stray", "a closing bracket that nothing opened";
    BLOCK_OPEN: error "block-open", "a block that is never closed";
    BLOCK_UNOPENED: error "block-unopened", "a block without its opening brace";
    BLOCK_STRAY: error "block-stray", "a closing brace that nothing opened";
    ELSE_MISSING: error "else-missing", "an `if` without its `else`";
    COMPARISON_CHAIN: error "comparison-chain", "comparisons in a row";
    RANGE_CHAIN: error "range-chain", "a range with more than two ends";
    IN_WITHOUT_RANGE: error "in-without-range", "an `in` without a range behind it";
    NUMBER_RANGE: error "number-range", "a number that cannot be held";
    NESTING_TOO_DEEP: error "nesting-too-deep", "brackets, blocks or operators nested beyond any use";
    DIVISION_COMMENT: warning "division-comment", "a comment that looks like the rest of a division";
    DOC_MISPLACED: warning "doc-misplaced", "a doc comment that stands above nothing it could document";
}
