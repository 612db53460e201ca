// Where a newline ends a statement. The parser asks only where a statement may end: inside brackets, and
// where an operand must follow, a newline is white space. Here it is white space as well if the next line
// starts with what can only go on with this one: an operator that joins two operands, a comma, a bracket
// that closes. It is `nl` and `eos` of grammar/sbi.pest. The scanner has no state.

#include "tree_sitter/parser.h"

enum TokenType { LINE_END };

static bool is_newline(int32_t c) { return c == '\n' || c == '\r'; }

static bool is_space(int32_t c) { return c == ' ' || c == '\t'; }

static bool is_name(int32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static void advance(TSLexer *lexer) { lexer->advance(lexer, false); }

// Whether one of `in`, `and`, `or` stands here.
static bool joining_word(TSLexer *lexer) {
  char word[4] = {0};
  unsigned length = 0;
  while (is_name(lexer->lookahead)) {
    if (length == 3) return false;
    word[length++] = lexer->lookahead < 128 ? (char)lexer->lookahead : 0;
    advance(lexer);
  }
  return (length == 2 && ((word[0] == 'i' && word[1] == 'n') || (word[0] == 'o' && word[1] == 'r'))) ||
         (length == 3 && word[0] == 'a' && word[1] == 'n' && word[2] == 'd');
}

// Whether the text from here on, blank lines and comments left out, goes on with the statement above.
static bool goes_on(TSLexer *lexer) {
  for (;;) {
    while (is_space(lexer->lookahead) || is_newline(lexer->lookahead)) advance(lexer);
    if (lexer->lookahead != '/') break;
    advance(lexer);
    if (lexer->lookahead != '/') return true;
    while (!lexer->eof(lexer) && !is_newline(lexer->lookahead)) advance(lexer);
  }
  switch (lexer->lookahead) {
    case '+': case '-': case '*': case '^': case '<': case '>': case '=': case '~': case '|': case ',':
    case ')': case ']':
      return true;
    case '!':
      advance(lexer);
      return lexer->lookahead == '=';
    case '.':
      advance(lexer);
      return lexer->lookahead == '.';
    default:
      return joining_word(lexer);
  }
}

void *tree_sitter_sbi_external_scanner_create(void) { return NULL; }

void tree_sitter_sbi_external_scanner_destroy(void *payload) { (void)payload; }

unsigned tree_sitter_sbi_external_scanner_serialize(void *payload, char *buffer) {
  (void)payload;
  (void)buffer;
  return 0;
}

void tree_sitter_sbi_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
  (void)payload;
  (void)buffer;
  (void)length;
}

bool tree_sitter_sbi_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid_symbols) {
  (void)payload;
  if (!valid_symbols[LINE_END]) return false;
  while (is_space(lexer->lookahead)) lexer->advance(lexer, true);
  if (!is_newline(lexer->lookahead)) return false;
  if (lexer->lookahead == '\r') advance(lexer);
  if (lexer->lookahead == '\n') advance(lexer);
  lexer->mark_end(lexer);
  if (goes_on(lexer)) return false;
  lexer->result_symbol = LINE_END;
  return true;
}
