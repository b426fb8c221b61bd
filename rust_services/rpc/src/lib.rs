//! Generated messages and services of the contracts in protos/.
