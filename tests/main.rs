//! What users and scripts rely on, tried on the program itself.

mod cli;
