//! From a tree to a checked file: all errors of the file at once.
//!
//! Later phases run on what earlier ones found sound. A name whose definition was refused is known as such, and an
//! expression that was refused is a NaN of the sort [`value::Sort::Refused`]: neither is told of twice.

mod approximator;
mod arena;
mod at;
mod axis;
mod builtin;
mod call;
mod cell;
pub(crate) mod codes;
mod columns;
mod condition;
mod constant;
mod csv;
mod curve;
mod demand;
mod depends;
mod distribution;
mod dynamics;
mod elsewhere;
mod encode;
mod expr;
mod extends;
mod external;
mod families;
mod family;
mod file;
mod function;
mod fuse;
mod given;
mod groups;
mod home;
mod index;
mod kernel;
mod library;
mod limits;
mod meant;
mod missing;
mod modality;
mod model;
mod names;
mod network;
mod never;
mod node;
mod noted;
mod outside;
mod over;
mod place;
mod possible;
mod query;
mod reach;
mod reads;
mod recipes;
mod series;
mod shown;
mod simulator;
mod table;
mod train;
mod transform;
mod unfit;
mod value;
mod walk;

pub use codes::CODES;
pub use file::{Checked, check, compile};
pub use library::STD;
