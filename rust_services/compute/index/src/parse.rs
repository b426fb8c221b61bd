//! Recursive descent over the grammar
//!
//! ```text
//! sum     = product { ("+" | "-") product }
//! product = factor { ("*" | "/") factor }
//! factor  = "-" factor | number | name | function "(" sum { "," sum } ")" | "(" sum ")"
//! ```

use crate::formula::{Binary, FormulaError, MAX_DEPTH, MAX_NODES, Step, Unary};
use crate::token::{Token, Tokens};

/// What the parser hands over.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) names: Vec<String>,
    pub(crate) steps: Vec<Step>,
}

/// A function that formulas may call.
enum Function {
    One(Unary),
    Two(Binary),
}

impl Function {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "sqrt" => Self::One(Unary::SquareRoot),
            "abs" => Self::One(Unary::Absolute),
            "min" => Self::Two(Binary::Minimum),
            "max" => Self::Two(Binary::Maximum),
            _ => return None,
        })
    }
}

/// Reads one formula. Methods return the height of the subtree they read.
pub(crate) struct Parser<'a> {
    tokens: Tokens<'a>,
    allowed: &'a [&'a str],
    current: (Token<'a>, usize),
    names: Vec<String>,
    steps: Vec<Step>,
    /// Open parentheses, calls and minus signs: what the recursion of this parser grows by.
    nesting: usize,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(text: &'a str, allowed: &'a [&'a str]) -> Self {
        Self {
            tokens: Tokens::new(text),
            allowed,
            current: (Token::End, 0),
            names: Vec::new(),
            steps: Vec::new(),
            nesting: 0,
        }
    }

    pub(crate) fn formula(mut self) -> Result<Parsed, FormulaError> {
        self.advance()?;
        self.sum()?;
        match self.current.0 {
            Token::End => Ok(Parsed {
                names: self.names,
                steps: self.steps,
            }),
            _ => Err(self.expected("an operator or the end")),
        }
    }

    fn sum(&mut self) -> Result<usize, FormulaError> {
        let mut height = self.product()?;
        loop {
            let operation = match self.current.0 {
                Token::Sign('+') => Binary::Add,
                Token::Sign('-') => Binary::Subtract,
                _ => return Ok(height),
            };
            self.advance()?;
            let right = self.product()?;
            height = self.operation(Step::Binary(operation), height.max(right))?;
        }
    }

    fn product(&mut self) -> Result<usize, FormulaError> {
        let mut height = self.factor()?;
        loop {
            let operation = match self.current.0 {
                Token::Sign('*') => Binary::Multiply,
                Token::Sign('/') => Binary::Divide,
                _ => return Ok(height),
            };
            self.advance()?;
            let right = self.factor()?;
            height = self.operation(Step::Binary(operation), height.max(right))?;
        }
    }

    fn factor(&mut self) -> Result<usize, FormulaError> {
        match self.current.0 {
            Token::Number(number) => {
                self.advance()?;
                self.operation(Step::Number(number), 0)
            }
            Token::Name(name) => {
                let position = self.current.1;
                self.advance()?;
                if self.current.0 == Token::Sign('(') {
                    self.call(name, position)
                } else {
                    self.name(name, position)
                }
            }
            Token::Sign('-') => {
                self.enter()?;
                let height = self.factor()?;
                self.nesting -= 1;
                self.operation(Step::Unary(Unary::Negate), height)
            }
            Token::Sign('(') => {
                self.enter()?;
                let height = self.sum()?;
                self.nesting -= 1;
                self.close()?;
                Ok(height)
            }
            _ => Err(self.expected("a number, a name or '('")),
        }
    }

    fn call(&mut self, name: &str, position: usize) -> Result<usize, FormulaError> {
        let function = Function::named(name).ok_or_else(|| FormulaError::UnknownFunction {
            name: name.to_owned(),
            position,
        })?;
        self.enter()?;
        let mut height = self.sum()?;
        let mut found = 1;
        while self.current.0 == Token::Sign(',') {
            self.advance()?;
            height = height.max(self.sum()?);
            found += 1;
        }
        self.nesting -= 1;
        self.close()?;
        let (expected, step) = match function {
            Function::One(operation) => (1, Step::Unary(operation)),
            Function::Two(operation) => (2, Step::Binary(operation)),
        };
        if found != expected {
            return Err(FormulaError::ArgumentCount {
                name: name.to_owned(),
                expected,
                found,
                position,
            });
        }
        self.operation(step, height)
    }

    fn name(&mut self, name: &str, position: usize) -> Result<usize, FormulaError> {
        if !self.allowed.contains(&name) {
            return Err(FormulaError::UnknownName {
                name: name.to_owned(),
                position,
            });
        }
        let place = self.names.iter().position(|known| known == name);
        let place = place.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        self.operation(Step::Name(place), 0)
    }

    /// Appends a step over operands of the given height.
    fn operation(&mut self, step: Step, height: usize) -> Result<usize, FormulaError> {
        if self.steps.len() == MAX_NODES {
            return Err(FormulaError::TooManyNodes);
        }
        if height == MAX_DEPTH {
            return Err(FormulaError::TooDeep {
                position: self.current.1,
            });
        }
        self.steps.push(step);
        Ok(height + 1)
    }

    fn enter(&mut self) -> Result<(), FormulaError> {
        if self.nesting == MAX_DEPTH {
            return Err(FormulaError::TooDeep {
                position: self.current.1,
            });
        }
        self.nesting += 1;
        self.advance()
    }

    fn close(&mut self) -> Result<(), FormulaError> {
        if self.current.0 == Token::Sign(')') {
            self.advance()
        } else {
            Err(self.expected("')'"))
        }
    }

    fn advance(&mut self) -> Result<(), FormulaError> {
        self.current = self.tokens.next()?;
        Ok(())
    }

    fn expected(&self, expected: &'static str) -> FormulaError {
        FormulaError::Expected {
            expected,
            found: self.current.0.describe(),
            position: self.current.1,
        }
    }
}
