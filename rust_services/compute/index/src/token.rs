//! From text to tokens.

use crate::formula::FormulaError;

/// A word of the grammar.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token<'a> {
    Number(f64),
    Name(&'a str),
    /// One of `+ - * / ( ) ,`.
    Sign(char),
    End,
}

impl Token<'_> {
    /// How an error message calls it.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Number(number) => format!("the number {number}"),
            Self::Name(name) => format!("'{name}'"),
            Self::Sign(sign) => format!("'{sign}'"),
            Self::End => "the end".to_owned(),
        }
    }
}

/// Splits a text into tokens, one at a time.
#[derive(Debug)]
pub(crate) struct Tokens<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Tokens<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, position: 0 }
    }

    /// The next token and where it starts.
    pub(crate) fn next(&mut self) -> Result<(Token<'a>, usize), FormulaError> {
        let rest = &self.text[self.position..];
        self.position += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
        let start = self.position;
        let Some(character) = self.text[start..].chars().next() else {
            return Ok((Token::End, start));
        };
        let token = match character {
            '+' | '-' | '*' | '/' | '(' | ')' | ',' => {
                self.position += 1;
                Token::Sign(character)
            }
            '0'..='9' | '.' => self.number(start)?,
            'a'..='z' | 'A'..='Z' | '_' => {
                let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
                Token::Name(self.take_while(start, word))
            }
            _ => {
                return Err(FormulaError::UnexpectedCharacter {
                    character,
                    position: start,
                });
            }
        };
        Ok((token, start))
    }

    fn number(&mut self, start: usize) -> Result<Token<'a>, FormulaError> {
        // A sign belongs to a number only right after its exponent letter.
        let mut previous = '0';
        let text = self.take_while(start, |c| {
            let belongs = c.is_ascii_alphanumeric()
                || c == '.'
                || c == '_'
                || (matches!(c, '+' | '-') && matches!(previous, 'e' | 'E'));
            previous = c;
            belongs
        });
        let digits_only = text
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'));
        text.parse()
            .ok()
            .filter(|number: &f64| digits_only && number.is_finite())
            .map(Token::Number)
            .ok_or_else(|| FormulaError::BadNumber {
                text: text.to_owned(),
                position: start,
            })
    }

    fn take_while(&mut self, start: usize, mut belongs: impl FnMut(char) -> bool) -> &'a str {
        let rest = &self.text[start..];
        let length = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.position = start + length;
        &rest[..length]
    }
}
