//! Ranges of numbers.

/// Numbers beyond are as good as infinite: their squares could overflow.
const LARGEST: f64 = 1e100;
/// Ranges that are narrower than this share of their numbers have no digits to put ticks at.
const NARROWEST: f64 = 1e-12;

/// Whether a number has a place in a picture.
pub fn plottable(x: f64) -> bool {
    x.abs() <= LARGEST
}

/// A range with both of its ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Span {
    /// The range of those numbers that have a place, if there are any.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Span> {
        let values = values.into_iter().filter(|x| plottable(*x));
        values.fold(None, |span: Option<Span>, x| match span {
            None => Some(Span { low: x, high: x }),
            Some(span) => Some(Span { low: span.low.min(x), high: span.high.max(x) }),
        })
    }

    /// The range that holds this one and those numbers that have a place.
    pub fn and(self, values: impl IntoIterator<Item = f64>) -> Span {
        Span::of(values.into_iter().chain([self.low, self.high])).unwrap_or(self)
    }

    /// From end to end.
    pub fn width(self) -> f64 {
        self.high - self.low
    }

    /// Whether it holds a number.
    pub fn holds(self, x: f64) -> bool {
        (self.low..=self.high).contains(&x)
    }

    /// What two ranges share, if that is more than a point.
    pub fn meet(self, other: Span) -> Option<Span> {
        let meet = Span { low: self.low.max(other.low), high: self.high.min(other.high) };
        (meet.low < meet.high).then_some(meet)
    }

    /// Wider at both ends by a share of its width.
    pub fn padded(self, share: f64) -> Span {
        let more = share * self.width();
        Span { low: self.low - more, high: self.high + more }
    }

    /// Whether all of it is one number, or as good as one.
    pub fn is_point(self) -> bool {
        self.width() <= NARROWEST * self.low.abs().max(self.high.abs()) || self.width() < 1.0 / LARGEST
    }

    /// A range that is not a point: around a point it is wider by a tenth of its number, or by one around zero.
    pub fn opened(self) -> Span {
        if !self.is_point() {
            return self;
        }
        let middle = 0.5 * (self.low + self.high);
        let more = if middle.abs() < 1.0 / LARGEST { 1.0 } else { 0.1 * middle.abs() };
        Span { low: middle - more, high: middle + more }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_leave_out_what_has_no_place() {
        let span = Span::of([f64::NAN, 2.0, f64::INFINITY, -1.0, 1e200]);
        assert_eq!(span, Some(Span { low: -1.0, high: 2.0 }));
        assert_eq!(Span::of([f64::NAN]), None);
        assert_eq!(span.map(|span| span.and([3.0, f64::NAN])), Some(Span { low: -1.0, high: 3.0 }));
    }

    #[test]
    fn points_are_opened() {
        let point = |x: f64| Span { low: x, high: x };
        assert_eq!(point(0.0).opened(), Span { low: -1.0, high: 1.0 });
        assert_eq!(point(-10.0).opened(), Span { low: -11.0, high: -9.0 });
        assert!(!point(1e-90).opened().is_point() && !point(1e100).opened().is_point());
        let narrow = Span { low: 1.0, high: 1.0 + 1e-14 };
        assert!(narrow.is_point() && narrow.opened().width() > 0.1);
    }
}
