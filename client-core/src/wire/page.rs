//! Lists: paging and sorting.

use serde::{Deserialize, Serialize};

use super::{SortOrder, Word};
use crate::lax::{Object, Query, Reader};

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// The limit that was asked for; -1 means none.
    pub limit: i64,
    /// The offset that was asked for.
    pub offset: i64,
    /// How many items match in all, also when `offset` lies past the last one.
    pub total: u64,
}

/// Which part of a list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// At most so many items; -1 means all, 0 and less are refused.
    pub limit: i64,
    /// Leave out so many items first.
    pub offset: i64,
}

impl Default for Window {
    fn default() -> Self {
        Self { limit: -1, offset: 0 }
    }
}

impl Window {
    /// Checks the range of both numbers.
    ///
    /// # Errors
    /// The sentence that a 400 carries.
    pub fn check(self) -> Result<Self, InvalidList> {
        if self.limit == 0 || self.limit < -1 {
            return Err(InvalidList("Limit must be greater than 0 or -1 for no limit".to_owned()));
        }
        if self.offset < 0 {
            return Err(InvalidList("Offset must be greater than or equal to 0".to_owned()));
        }
        Ok(self)
    }

    /// The bound on the number of items, if there is one.
    pub fn count(self) -> usize {
        usize::try_from(self.limit).unwrap_or(usize::MAX)
    }

    /// The number of items to leave out.
    pub fn skip(self) -> usize {
        usize::try_from(self.offset).unwrap_or(usize::MAX)
    }

    /// The page of `all` that this window shows.
    pub fn cut<T>(self, all: Vec<T>) -> Page<T> {
        let total = all.len() as u64;
        self.page(all.into_iter().skip(self.skip()).take(self.count()).collect(), total)
    }

    /// A page of items that are already cut.
    pub fn page<T>(self, items: Vec<T>, total: u64) -> Page<T> {
        Page { items, limit: self.limit, offset: self.offset, total }
    }
}

/// A request for a list that cannot be answered: a 400 with this sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidList(pub String);

impl std::fmt::Display for InvalidList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidList {}

/// A field to sort by.
pub trait SortField: Copy + PartialEq + 'static {
    /// All fields of the model in its own order; `None` behind a name: not sortable.
    const FIELDS: &'static [(&'static str, Option<Self>)];

    /// Its name.
    fn name(self) -> &'static str {
        let own = Self::FIELDS.iter().find(|(_, field)| *field == Some(self));
        own.map_or("", |(name, _)| name)
    }

    /// Finds a field by its name.
    ///
    /// # Errors
    /// The sentence that a 400 carries, with the fields that are allowed.
    fn parse(name: &str) -> Result<Self, InvalidList> {
        let known = Self::FIELDS.iter().find(|(field, _)| *field == name);
        if let Some((_, Some(field))) = known {
            return Ok(*field);
        }
        // An unknown name lists the fields of the model, as the Python server does. One that cannot be sorted by
        // lists those that can: there, such a request fails or comes in no order.
        let allowed: Vec<_> = Self::FIELDS
            .iter()
            .filter(|(_, sortable)| known.is_none() || sortable.is_some())
            .map(|(field, _)| *field)
            .collect();
        Err(InvalidList(format!("Invalid sort_by: {name}, allowed fields are: {}", allowed.join(", "))))
    }
}

/// An order by one field. Equal items keep the order in which they were stored, in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort<F> {
    /// The field.
    pub by: F,
    /// The direction.
    pub order: SortOrder,
}

/// How a list is asked for: the common part of all queries, as it stands in the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRequest {
    /// Which part of the list.
    pub window: Window,
    /// The name of the field to sort by; null means in the order stored.
    pub sort_by: Option<String>,
    /// The direction.
    pub sort_order: SortOrder,
}

impl ListRequest {
    /// Reads it from a body; an absent `sort_by` means `default_sort`.
    pub fn members(object: &Object<'_>, default_sort: Option<&str>, reader: &mut Reader) -> Option<Self> {
        let default_sort = default_sort.filter(|_| object.get("sort_by").is_none());
        let limit = object.optional("limit", reader, |node, reader| reader.integer(node));
        let offset = object.optional("offset", reader, |node, reader| reader.integer(node));
        let sort_by =
            object.nullable("sort_by", reader, |node, reader| Some(reader.string(node)?.into_owned()));
        let sort_order = object.optional("sort_order", reader, |node, reader| reader.word(node));
        Some(Self {
            window: Window { limit: limit?.unwrap_or(-1), offset: offset?.unwrap_or(0) },
            sort_by: sort_by?.or_else(|| default_sort.map(str::to_owned)),
            sort_order: sort_order?.unwrap_or(SortOrder::Asc),
        })
    }

    /// Reads it from a query string; an absent `sort_by` means `default_sort`.
    pub fn parameters(query: &mut Query, default_sort: Option<&str>) -> Option<Self> {
        let limit = query.integer("limit", -1);
        let offset = query.integer("offset", 0);
        let sort_order = query.word("sort_order", SortOrder::Asc);
        Some(Self {
            window: Window { limit: limit?, offset: offset? },
            sort_by: query.string("sort_by").or_else(|| default_sort.map(str::to_owned)),
            sort_order: sort_order?,
        })
    }

    /// Checks the field and the window, in the order in which the Python server complains.
    ///
    /// # Errors
    /// The sentence that a 400 carries.
    pub fn check<F: SortField>(&self) -> Result<(Option<Sort<F>>, Window), InvalidList> {
        let by = self.sort_by.as_deref().map(F::parse).transpose()?;
        Ok((by.map(|by| Sort { by, order: self.sort_order }), self.window.check()?))
    }
}

/// Reads the `filter_logic` member of a body.
pub(crate) fn read_word_or<T: Word>(
    object: &Object<'_>,
    name: &'static str,
    default: T,
    reader: &mut Reader,
) -> Option<T> {
    object.optional(name, reader, |node, reader| reader.word(node)).map(|word| word.unwrap_or(default))
}
