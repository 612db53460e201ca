//! The command line: contracts, mistakes, and what is kept.

mod bench;
mod check;
mod compare;
mod fmt;
mod graph;
mod help;
mod informed;
mod kept;
mod netcdf;
mod outside;
mod picture;
mod plot;
mod posterior;
mod query;
mod restricted;
mod run;
mod scattered;
mod simulate;
mod stopped;
mod store;
mod wrong;
