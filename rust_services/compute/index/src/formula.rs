//! What a formula is once it was accepted, and why one is refused.

use std::fmt;

use crate::parse::Parser;

/// Longest text of a formula, bytes.
pub const MAX_FORMULA_BYTES: usize = 512;

/// Most operations from the result down to a number or name.
pub const MAX_DEPTH: usize = 64;

/// Most numbers, names and operations of a formula.
pub const MAX_NODES: usize = 256;

/// One step of the computation. Steps stand in postorder: operands before what uses them, so that
/// evaluation is one walk over a slice with a stack and needs no recursion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Step {
    /// Push a number.
    Number(f64),
    /// Push the values of a name; the place in [`Formula::names`].
    Name(usize),
    /// Replace the top.
    Unary(Unary),
    /// Replace the two on top, the right operand above the left.
    Binary(Binary),
}

/// Operations with one operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unary {
    Negate,
    SquareRoot,
    Absolute,
}

/// Operations with two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Minimum,
    Maximum,
}

/// An accepted formula: arithmetic over names, nothing else.
#[derive(Debug, Clone, PartialEq)]
pub struct Formula {
    text: String,
    names: Vec<String>,
    steps: Vec<Step>,
    stack_depth: usize,
}

impl Formula {
    /// Parses a formula of `+ - * / ( )`, unary minus, numbers, `sqrt(x)`, `abs(x)`, `min(a, b)`,
    /// `max(a, b)` and the given names.
    ///
    /// # Errors
    /// [`FormulaError`] with the position in the text, counted in bytes from 0.
    pub fn parse(text: &str, names: &[&str]) -> Result<Self, FormulaError> {
        if text.len() > MAX_FORMULA_BYTES {
            return Err(FormulaError::TooLong { bytes: text.len() });
        }
        let parsed = Parser::new(text, names).formula()?;
        Ok(Self {
            text: text.to_owned(),
            stack_depth: stack_depth(&parsed.steps),
            names: parsed.names,
            steps: parsed.steps,
        })
    }

    /// The names that occur, each once, in the order of their first occurrence.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Values that wait on the stack at most.
    pub(crate) fn stack_depth(&self) -> usize {
        self.stack_depth
    }
}

impl fmt::Display for Formula {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

fn stack_depth(steps: &[Step]) -> usize {
    let mut depth = 0;
    let mut deepest = 0;
    for step in steps {
        match step {
            Step::Number(_) | Step::Name(_) => depth += 1,
            Step::Unary(_) => {}
            Step::Binary(_) => depth -= 1,
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// Why a formula is refused. Positions are bytes from the start of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormulaError {
    /// The text is longer than [`MAX_FORMULA_BYTES`].
    #[error("the formula is {bytes} bytes long; at most {MAX_FORMULA_BYTES} are allowed")]
    TooLong {
        /// Length found.
        bytes: usize,
    },
    /// The tree is deeper than [`MAX_DEPTH`].
    #[error("the formula nests more than {MAX_DEPTH} operations at position {position}")]
    TooDeep {
        /// Where the limit was passed.
        position: usize,
    },
    /// The tree has more than [`MAX_NODES`] nodes.
    #[error("the formula has more than {MAX_NODES} numbers, names and operations")]
    TooManyNodes,
    /// A character that no formula has.
    #[error("'{character}' at position {position} does not belong into a formula")]
    UnexpectedCharacter {
        /// The character.
        character: char,
        /// Where it stands.
        position: usize,
    },
    /// A number that cannot be read or is not finite.
    #[error("'{text}' at position {position} is no finite number")]
    BadNumber {
        /// What stands there.
        text: String,
        /// Where it stands.
        position: usize,
    },
    /// A name that is neither a band nor a constant.
    #[error("'{name}' at position {position} is neither a band nor a constant of this index")]
    UnknownName {
        /// The name.
        name: String,
        /// Where it stands.
        position: usize,
    },
    /// A function that does not exist.
    #[error("'{name}' at position {position} is no function; sqrt, abs, min and max are")]
    UnknownFunction {
        /// The name.
        name: String,
        /// Where it stands.
        position: usize,
    },
    /// A function with too few or too many arguments.
    #[error("{name} at position {position} takes {expected} argument(s), not {found}")]
    ArgumentCount {
        /// The function.
        name: String,
        /// How many it takes.
        expected: usize,
        /// How many stand there.
        found: usize,
        /// Where it stands.
        position: usize,
    },
    /// Something else should stand here.
    #[error("{expected} expected at position {position}, found {found}")]
    Expected {
        /// What should stand here.
        expected: &'static str,
        /// What does.
        found: String,
        /// Where.
        position: usize,
    },
}
