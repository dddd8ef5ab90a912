//! Everything that can go wrong, with the data of the message rather than the message.

/// How a number fails to be finite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NonFinite {
    /// Not a number.
    Nan,
    /// Plus infinity.
    PositiveInfinity,
    /// Minus infinity.
    NegativeInfinity,
}

impl std::fmt::Display for NonFinite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Nan => "NaN",
            Self::PositiveInfinity => "+inf",
            Self::NegativeInfinity => "-inf",
        })
    }
}

/// Why an item stands outside the largest group of items that can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Separation {
    /// The item lost every one of its comparisons with the rest.
    NeverWon,
    /// The item won every one of its comparisons with the rest.
    NeverLost,
    /// No comparison, by any path, joins the item to the main group.
    Unconnected,
    /// The item wins and loses, but only inside a group that the main group always or never beats.
    SeparateGroup,
}

impl std::fmt::Display for Separation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NeverWon => "never won",
            Self::NeverLost => "never lost",
            Self::Unconnected => "no comparisons with the main group",
            Self::SeparateGroup => "member of a separate group",
        })
    }
}

/// The error type of this crate.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// An argument has the wrong shape or length.
    #[error("`{argument}` must have {expected}; got {found}")]
    Shape {
        /// Name of the argument.
        argument: &'static str,
        /// What was expected, for example `shape (3, 4)`.
        expected: String,
        /// What came.
        found: String,
    },
    /// An argument breaks a rule.
    #[error("`{argument}` must be {rule}; got {value}{}", at(*index))]
    Value {
        /// Name of the argument.
        argument: &'static str,
        /// The rule, completing "must be".
        rule: &'static str,
        /// The offending value.
        value: String,
        /// Its position, where the argument is an array.
        index: Option<usize>,
    },
    /// An array holds NaN or an infinity.
    #[error("`{argument}` must be finite; got {kind} at index {index}")]
    NotFinite {
        /// Name of the argument.
        argument: &'static str,
        /// Position of the first offender.
        index: usize,
        /// Which non-finite number it is.
        kind: NonFinite,
    },
    /// An index points outside its range.
    #[error("`{argument}` must hold indices below {bound}; got {value} at index {position}")]
    Index {
        /// Name of the argument.
        argument: &'static str,
        /// Position of the first offender.
        position: usize,
        /// The offending index.
        value: i64,
        /// The exclusive upper bound.
        bound: usize,
    },
    /// A matrix is singular.
    #[error("`{argument}` is singular at row {row}")]
    Singular {
        /// Name of the argument.
        argument: &'static str,
        /// The row where the factorisation broke down.
        row: usize,
    },
    /// A matrix is not positive definite.
    #[error("`{argument}` is not positive definite at row {row}")]
    NotPositiveDefinite {
        /// Name of the argument.
        argument: &'static str,
        /// The row where the factorisation broke down.
        row: usize,
    },
    /// No finite estimate exists because the comparisons do not connect all items both ways.
    #[error(
        "no maximum-likelihood estimate exists: the items fall into {n_components} groups, the \
         largest of {largest} items"
    )]
    NotConnected {
        /// Number of strongly connected components.
        n_components: usize,
        /// Number of items in the largest one.
        largest: usize,
        /// The first offending items (at most ten) and why each stands outside.
        offenders: Vec<(usize, Separation)>,
    },
    /// No finite estimate exists because the likelihood rises for ever along a shared parameter.
    #[error(
        "no maximum-likelihood estimate exists: the {parameter} is infinite because {reason}; \
         {remedy}"
    )]
    Infinite {
        /// Which parameter has no finite value.
        parameter: &'static str,
        /// Why the data do not bound it.
        reason: &'static str,
        /// What would make it finite.
        remedy: &'static str,
    },
    /// Features are linear combinations of one another, so their coefficients are not determined.
    #[error(
        "`features` must have columns that are not combinations of one another within the sets; got \
         {}",
        dependence(columns)
    )]
    Collinear {
        /// The columns of one combination, the last of which is made up by the others.
        columns: Vec<usize>,
    },
    /// The likelihood grows for ever along a direction: coefficients are infinite.
    #[error(
        "no maximum-likelihood estimate exists: along a direction of the coefficients {columns:?} \
         no observed choice becomes less likely"
    )]
    Unbounded {
        /// The columns of `features` that weigh most in that direction.
        columns: Vec<usize>,
    },
    /// More memory is needed than can be addressed or had.
    #[error("the computation needs {bytes} bytes of memory, which are not available")]
    TooLarge {
        /// The number of bytes asked for.
        bytes: u128,
    },
    /// The caller asked to stop at once.
    #[error("interrupted")]
    Interrupted,
}

fn dependence(columns: &[usize]) -> String {
    match columns {
        [only] => format!("column {only}, which is the same for all alternatives of every set"),
        several => format!("columns {several:?}, which are"),
    }
}

fn at(index: Option<usize>) -> String {
    index.map_or_else(String::new, |i| format!(" at index {i}"))
}

/// Allocate a vector of `len` copies of `value`, or report how much memory was missing.
///
/// # Errors
/// [`Error::TooLarge`] when the memory cannot be had.
pub fn try_vec<T: Clone>(len: usize, value: T) -> Result<Vec<T>, Error> {
    let mut vec = Vec::new();
    vec.try_reserve_exact(len)
        .map_err(|_| Error::TooLarge { bytes: len as u128 * size_of::<T>() as u128 })?;
    vec.resize(len, value);
    Ok(vec)
}

/// Refuse NaN and infinities, naming the first.
///
/// # Errors
/// [`Error::NotFinite`] with the index of the first offender.
pub fn require_finite<T: crate::float::Float>(
    argument: &'static str,
    values: &[T],
) -> Result<(), Error> {
    // A sum is finite only if its terms are; overflow of finite terms is settled by the search.
    if values.iter().map(|x| x.to_f64() * 0.0).sum::<f64>() == 0.0 {
        return Ok(());
    }
    values.iter().position(|x| !x.to_f64().is_finite()).map_or(Ok(()), |index| {
        let value = values[index].to_f64();
        let kind = if value.is_nan() {
            NonFinite::Nan
        } else if value > 0.0 {
            NonFinite::PositiveInfinity
        } else {
            NonFinite::NegativeInfinity
        };
        Err(Error::NotFinite { argument, index, kind })
    })
}

/// Allocate a vector of `len` zeros without touching it, or report how much memory was missing.
///
/// # Errors
/// [`Error::TooLarge`] when the memory cannot be had.
pub fn try_zeroed<T: bytemuck::Zeroable>(len: usize) -> Result<Vec<T>, Error> {
    bytemuck::allocation::try_zeroed_vec(len)
        .map_err(|()| Error::TooLarge { bytes: len as u128 * size_of::<T>() as u128 })
}
