//! The functions that expressions may call. One that is not in the table is an error when an expression is compiled.

use jiff::civil::DateTime;

use super::DynamicError;
use super::arithmetic::arithmetic;
use super::ast::Operation;
use super::atomic::{Atomic, AtomicType};
use super::casting::{cast, number};
use super::comparing::order;
use super::evaluate::{Evaluation, Focus, boolean, single};
use super::item::{Item, Node, Sequence, effective_boolean};
use super::regexes::compile;

/// A function of the table.
pub(super) struct Function {
    name: &'static str,
    least: usize,
    most: usize,
    body: Body,
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

type Body = for<'s, 'a> fn(&mut Call<'_, 's, 'a>) -> Result<Sequence<'a>, DynamicError>;

/// What a function gets.
struct Call<'c, 's, 'a> {
    arguments: Vec<Sequence<'a>>,
    focus: &'c Focus<'a>,
    evaluation: &'c mut Evaluation<'s, 'a>,
}

const fn function(name: &'static str, least: usize, most: usize, body: Body) -> Function {
    Function { name, least, most, body }
}

/// The function with this name.
pub(super) fn named(name: &str) -> Option<&'static Function> {
    TABLE.iter().find(|function| function.name == name)
}

impl Function {
    pub(super) fn arity(&self) -> (usize, usize) {
        (self.least, self.most)
    }

    pub(super) fn asks_position(&self) -> bool {
        matches!(self.name, "position" | "last")
    }

    pub(super) fn answers_boolean(&self) -> bool {
        matches!(
            self.name,
            "not"
                | "true"
                | "false"
                | "boolean"
                | "exists"
                | "empty"
                | "matches"
                | "contains"
                | "starts-with"
                | "ends-with"
        )
    }

    pub(super) fn call<'s, 'a>(
        &self,
        arguments: Vec<Sequence<'a>>,
        focus: &Focus<'a>,
        evaluation: &mut Evaluation<'s, 'a>,
    ) -> Result<Sequence<'a>, DynamicError> {
        (self.body)(&mut Call { arguments, focus, evaluation })
    }
}

static TABLE: [Function; 65] = [
    function("true", 0, 0, |_| Ok(boolean(true))),
    function("false", 0, 0, |_| Ok(boolean(false))),
    function("boolean", 1, 1, |call| Ok(boolean(effective_boolean(&call.arguments[0])?))),
    function("not", 1, 1, |call| Ok(boolean(!effective_boolean(&call.arguments[0])?))),
    function("exists", 1, 1, |call| Ok(boolean(!call.arguments[0].is_empty()))),
    function("empty", 1, 1, |call| Ok(boolean(call.arguments[0].is_empty()))),
    function("count", 1, 1, |call| integer(call.arguments[0].len())),
    function("position", 0, 0, |call| integer(call.focus.position)),
    function("last", 0, 0, |call| integer(call.focus.size)),
    function("string", 0, 1, |call| call.text(0).and_then(string)),
    function("data", 1, 1, |call| Ok(call.arguments[0].iter().map(|item| Item::Atomic(item.atomized())).collect())),
    function("number", 0, 1, |call| {
        let value = match call.arguments.first() {
            Some(argument) => single(argument)?,
            None => Some(call.focus.item.atomized()),
        };
        double(value.as_ref().map_or(f64::NAN, number))
    }),
    function("normalize-space", 0, 1, |call| {
        let text = call.text(0)?;
        let words: Vec<_> = text.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()).collect();
        string(words.join(" "))
    }),
    function("string-length", 0, 1, |call| integer(call.text(0)?.chars().count())),
    function("upper-case", 1, 1, |call| string(call.text(0)?.to_uppercase())),
    function("lower-case", 1, 1, |call| string(call.text(0)?.to_lowercase())),
    function("concat", 2, usize::MAX, |call| {
        let mut all = String::new();
        for number in 0..call.arguments.len() {
            all.push_str(&call.text(number)?);
        }
        string(all)
    }),
    function("string-join", 1, 2, |call| {
        let separator = if call.arguments.len() > 1 { call.text(1)? } else { String::new() };
        let texts: Vec<_> = call.arguments[0].iter().map(Item::text).collect();
        string(texts.join(&separator))
    }),
    function("contains", 2, 2, |call| Ok(boolean(call.text(0)?.contains(&call.text(1)?)))),
    function("starts-with", 2, 2, |call| Ok(boolean(call.text(0)?.starts_with(&call.text(1)?)))),
    function("ends-with", 2, 2, |call| Ok(boolean(call.text(0)?.ends_with(&call.text(1)?)))),
    function("substring-before", 2, 2, |call| {
        let (text, sought) = (call.text(0)?, call.text(1)?);
        string(text.split_once(&sought).filter(|_| !sought.is_empty()).map_or("", |(before, _)| before))
    }),
    function("substring-after", 2, 2, |call| {
        let (text, sought) = (call.text(0)?, call.text(1)?);
        string(text.split_once(&sought).map_or("", |(_, after)| after))
    }),
    function("substring", 2, 3, |call| {
        let text = call.text(0)?;
        let from = half_up(call.number(1)?);
        let until = if call.arguments.len() > 2 { from + half_up(call.number(2)?) } else { f64::INFINITY };
        #[expect(clippy::cast_precision_loss, reason = "texts are shorter than a double has digits")]
        let inside = |index: usize| (index + 1) as f64 >= from && ((index + 1) as f64) < until;
        string(text.chars().enumerate().filter(|(index, _)| inside(*index)).map(|(_, c)| c).collect::<String>())
    }),
    function("translate", 3, 3, |call| {
        let (text, from, to) = (call.text(0)?, call.text(1)?, call.text(2)?);
        let (from, to): (Vec<_>, Vec<_>) = (from.chars().collect(), to.chars().collect());
        let mapped = text.chars().filter_map(|c| match from.iter().position(|known| *known == c) {
            Some(index) => to.get(index).copied(),
            None => Some(c),
        });
        string(mapped.collect::<String>())
    }),
    function("matches", 2, 3, |call| {
        let regex = compile(&call.text(1)?, &call.flags(2)?)?;
        Ok(boolean(regex.is_match(&call.text(0)?)))
    }),
    function("replace", 3, 4, |call| {
        let (pattern, replacement) = (call.text(1)?, call.text(2)?);
        let regex = compile(&pattern, &call.flags(3)?)?;
        if regex.is_match("") {
            return Err(DynamicError::Regex { pattern, message: "it matches the empty text".to_owned() });
        }
        let replacement = replacement_text(&pattern, &replacement)?;
        string(regex.replace_all(&call.text(0)?, replacement.as_str()).into_owned())
    }),
    function("tokenize", 1, 3, |call| {
        let text = call.text(0)?;
        if call.arguments.len() == 1 {
            return Ok(text.split_whitespace().map(|word| text_item(word.to_owned())).collect());
        }
        let pattern = call.text(1)?;
        let regex = compile(&pattern, &call.flags(2)?)?;
        if regex.is_match("") {
            return Err(DynamicError::Regex { pattern, message: "it matches the empty text".to_owned() });
        }
        Ok(if text.is_empty() {
            Vec::new()
        } else {
            regex.split(&text).map(|part| text_item(part.to_owned())).collect()
        })
    }),
    function("name", 0, 1, |call| string(call.node()?.map_or_else(String::new, Node::written_name))),
    function("local-name", 0, 1, |call| string(call.node()?.and_then(Node::name).map_or("", |(_, local)| local))),
    function("namespace-uri", 0, 1, |call| {
        string(call.node()?.and_then(Node::name).and_then(|(namespace, _)| namespace).unwrap_or(""))
    }),
    function("sum", 1, 2, |call| {
        if call.arguments[0].is_empty() {
            return if call.arguments.len() > 1 { Ok(call.arguments.remove(1)) } else { integer(0) };
        }
        call.folded(|sum, next| {
            if let (Atomic::Integer(sum), Atomic::Integer(next)) = (&sum, &next) {
                let total = sum.checked_add(*next);
                return total
                    .map(Atomic::Integer)
                    .ok_or_else(|| DynamicError::Arithmetic("a number out of range".to_owned()));
            }
            if is_span(&sum) || is_span(&next) {
                return arithmetic(Operation::Add, sum, next);
            }
            let double = matches!(sum, Atomic::Double(_)) || matches!(next, Atomic::Double(_));
            let total = numeric(&sum)? + numeric(&next)?;
            Ok(if double { Atomic::Double(total) } else { Atomic::decimal(total) })
        })
    }),
    function("avg", 1, 1, |call| {
        let count = call.arguments[0].len();
        if call.arguments[0].first().is_some_and(|item| is_span(&item.atomized())) {
            let sum = call.folded(|sum, next| arithmetic(Operation::Add, sum, next))?;
            let mean = single(&sum)?.zip(i64::try_from(count).ok());
            let mean = mean.map(|(sum, count)| arithmetic(Operation::Divide, sum, Atomic::Integer(count)));
            return Ok(mean.transpose()?.into_iter().map(Item::Atomic).collect());
        }
        let (mut sum, mut double) = (0.0, false);
        for item in &call.arguments[0] {
            let value = untyped_as_double(item.atomized())?;
            double |= matches!(value, Atomic::Double(_));
            sum += numeric(&value)?;
        }
        #[expect(clippy::cast_precision_loss, reason = "a sequence has fewer items than a double has digits")]
        let mean = sum / count as f64;
        Ok(match count {
            0 => Vec::new(),
            _ => vec![Item::Atomic(if double { Atomic::Double(mean) } else { Atomic::decimal(mean) })],
        })
    }),
    function("min", 1, 1, |call| call.extreme(std::cmp::Ordering::Less)),
    function("max", 1, 1, |call| call.extreme(std::cmp::Ordering::Greater)),
    function("abs", 1, 1, |call| call.rounded(f64::abs)),
    function("floor", 1, 1, |call| call.rounded(f64::floor)),
    function("ceiling", 1, 1, |call| call.rounded(f64::ceil)),
    function("round", 1, 1, |call| call.rounded(half_up)),
    function("distinct-values", 1, 1, |call| {
        let mut seen: Vec<Atomic> = Vec::new();
        for item in &call.arguments[0] {
            let value = item.atomized();
            if !seen.iter().any(|known| is_equal(known, &value, 0)) {
                seen.push(value);
            }
        }
        Ok(seen.into_iter().map(Item::Atomic).collect())
    }),
    function("index-of", 2, 2, |call| {
        let Some(sought) = single(&call.arguments[1])? else {
            return Ok(Vec::new());
        };
        let offset = call.evaluation.implicit_offset();
        let found =
            call.arguments[0].iter().enumerate().filter(|(_, item)| is_equal(&item.atomized(), &sought, offset));
        Ok(found
            .filter_map(|(index, _)| i64::try_from(index + 1).ok())
            .map(|at| Item::Atomic(Atomic::Integer(at)))
            .collect())
    }),
    function("reverse", 1, 1, |call| Ok(call.arguments.remove(0).into_iter().rev().collect())),
    function("subsequence", 2, 3, |call| {
        let from = half_up(call.number(1)?);
        let until = if call.arguments.len() > 2 { from + half_up(call.number(2)?) } else { f64::INFINITY };
        #[expect(clippy::cast_precision_loss, reason = "a sequence has fewer items than a double has digits")]
        let inside = |index: usize| (index + 1) as f64 >= from && ((index + 1) as f64) < until;
        let all = call.arguments.remove(0).into_iter().enumerate();
        Ok(all.filter(|(index, _)| inside(*index)).map(|(_, item)| item).collect())
    }),
    function("compare", 2, 2, |call| match (single(&call.arguments[0])?, single(&call.arguments[1])?) {
        (Some(left), Some(right)) => {
            Ok(vec![Item::Atomic(Atomic::Integer(left.to_string().cmp(&right.to_string()) as i64))])
        }
        _ => Ok(Vec::new()),
    }),
    function("insert-before", 3, 3, |call| {
        let (inserted, at) = (call.arguments.remove(2), call.number(1)?);
        let mut all = call.arguments.remove(0);
        #[expect(clippy::cast_precision_loss, reason = "a sequence has fewer items than a double has digits")]
        let before = (0..all.len()).find(|index| (index + 1) as f64 >= at).unwrap_or(all.len());
        all.splice(before..before, inserted);
        Ok(all)
    }),
    function("remove", 2, 2, |call| {
        let at = call.number(1)?;
        #[expect(clippy::cast_precision_loss, reason = "a sequence has fewer items than a double has digits")]
        let stays = |index: usize| (index + 1) as f64 != at;
        let all = call.arguments.remove(0).into_iter().enumerate();
        Ok(all.filter(|(index, _)| stays(*index)).map(|(_, item)| item).collect())
    }),
    function("zero-or-one", 1, 1, |call| match call.arguments[0].len() {
        0 | 1 => Ok(call.arguments.remove(0)),
        count => Err(DynamicError::Type(format!("{count} values where at most one is expected"))),
    }),
    function("one-or-more", 1, 1, |call| match call.arguments[0].len() {
        0 => Err(DynamicError::Type("nothing where at least one value is expected".to_owned())),
        _ => Ok(call.arguments.remove(0)),
    }),
    function("exactly-one", 1, 1, |call| match call.arguments[0].len() {
        1 => Ok(call.arguments.remove(0)),
        count => Err(DynamicError::Type(format!("{count} values where exactly one is expected"))),
    }),
    function("current-date", 0, 0, |call| {
        let now = &call.evaluation.surroundings.now;
        Ok(vec![Item::Atomic(Atomic::Date(now.date(), Some(now.offset().seconds() / 60)))])
    }),
    function("current-dateTime", 0, 0, |call| {
        let now = &call.evaluation.surroundings.now;
        Ok(vec![Item::Atomic(Atomic::DateTime(now.datetime(), Some(now.offset().seconds() / 60)))])
    }),
    function("year-from-date", 1, 1, |call| call.part(AtomicType::Date, |at| at.year().into())),
    function("month-from-date", 1, 1, |call| call.part(AtomicType::Date, |at| at.month().into())),
    function("day-from-date", 1, 1, |call| call.part(AtomicType::Date, |at| at.day().into())),
    function("year-from-dateTime", 1, 1, |call| call.part(AtomicType::DateTime, |at| at.year().into())),
    function("month-from-dateTime", 1, 1, |call| call.part(AtomicType::DateTime, |at| at.month().into())),
    function("day-from-dateTime", 1, 1, |call| call.part(AtomicType::DateTime, |at| at.day().into())),
    function("hours-from-dateTime", 1, 1, |call| call.part(AtomicType::DateTime, |at| at.hour().into())),
    function("minutes-from-dateTime", 1, 1, |call| call.part(AtomicType::DateTime, |at| at.minute().into())),
    function("years-from-duration", 1, 1, |call| call.months_part(|months| months / 12)),
    function("months-from-duration", 1, 1, |call| call.months_part(|months| months % 12)),
    function("days-from-duration", 1, 1, |call| call.duration_part(86_400_000, i64::MAX)),
    function("hours-from-duration", 1, 1, |call| call.duration_part(3_600_000, 24)),
    function("minutes-from-duration", 1, 1, |call| call.duration_part(60_000, 60)),
    function("root", 0, 1, |call| {
        let Some(node) = call.node()? else {
            return Ok(Vec::new());
        };
        let root =
            call.evaluation.surroundings.scope.map_or_else(|| Node::Tree(node.tree().document().root()), Node::Above);
        Ok(vec![Item::Node(root)])
    }),
];

impl<'a> Call<'_, '_, 'a> {
    /// The text of an argument, or of the context item where none is given; nothing is the empty text.
    fn text(&self, number: usize) -> Result<String, DynamicError> {
        match self.arguments.get(number) {
            Some(argument) => Ok(single(argument)?.map_or_else(String::new, |value| value.to_string())),
            None => Ok(self.focus.item.text()),
        }
    }

    fn flags(&self, number: usize) -> Result<String, DynamicError> {
        if number < self.arguments.len() { self.text(number) } else { Ok(String::new()) }
    }

    fn number(&self, argument: usize) -> Result<f64, DynamicError> {
        let value = single(&self.arguments[argument])?;
        let value = value.ok_or_else(|| DynamicError::Type("nothing where a number is expected".to_owned()))?;
        numeric(&untyped_as_double(value)?)
    }

    fn node(&self) -> Result<Option<Node<'a>>, DynamicError> {
        match self.arguments.first().map(Vec::as_slice) {
            None => self.focus.node().map(Some),
            Some([]) => Ok(None),
            Some([Item::Node(node)]) => Ok(Some(*node)),
            Some(_) => Err(DynamicError::Type("one node is expected".to_owned())),
        }
    }

    fn folded(&self, add: fn(Atomic, Atomic) -> Result<Atomic, DynamicError>) -> Result<Sequence<'a>, DynamicError> {
        let mut values = self.arguments[0].iter().map(|item| untyped_as_double(item.atomized()));
        let Some(first) = values.next() else {
            return Ok(Vec::new());
        };
        let mut total = first?;
        for value in values {
            total = add(total, value?)?;
        }
        Ok(vec![Item::Atomic(total)])
    }

    fn extreme(&self, wanted: std::cmp::Ordering) -> Result<Sequence<'a>, DynamicError> {
        let offset = self.evaluation.implicit_offset();
        let mut best: Option<Atomic> = None;
        for item in &self.arguments[0] {
            let value = untyped_as_double(item.atomized())?;
            let better = match &best {
                None => true,
                Some(best) => order(&value, best, offset)? == Some(wanted),
            };
            if better {
                best = Some(value);
            }
        }
        Ok(best.into_iter().map(Item::Atomic).collect())
    }

    fn rounded(&self, how: fn(f64) -> f64) -> Result<Sequence<'a>, DynamicError> {
        let Some(value) = single(&self.arguments[0])? else {
            return Ok(Vec::new());
        };
        let value = untyped_as_double(value)?;
        Ok(vec![Item::Atomic(match value {
            Atomic::Integer(value) => Atomic::Integer(if how(-1.0) > 0.0 { value.saturating_abs() } else { value }),
            Atomic::Decimal(value) => Atomic::Decimal(how(value)),
            other => Atomic::Double(how(numeric(&other)?)),
        })])
    }

    fn part(&self, wanted: AtomicType, part: fn(DateTime) -> i64) -> Result<Sequence<'a>, DynamicError> {
        let Some(value) = single(&self.arguments[0])? else {
            return Ok(Vec::new());
        };
        Ok(vec![Item::Atomic(Atomic::Integer(match cast(&value, wanted)? {
            Atomic::Date(date, _) => part(date.to_datetime(jiff::civil::Time::midnight())),
            Atomic::DateTime(at, _) => part(at),
            other => return Err(DynamicError::Type(format!("{other} is not a date"))),
        }))])
    }

    /// A part of a duration's years and months; one of days and hours has none.
    fn months_part(&self, part: fn(i64) -> i64) -> Result<Sequence<'a>, DynamicError> {
        let Some(value) = single(&self.arguments[0])? else { return Ok(Vec::new()) };
        match cast(&value, AtomicType::Months)? {
            Atomic::Months(months) => Ok(vec![Item::Atomic(Atomic::Integer(part(months)))]),
            other => Err(DynamicError::Type(format!("{other} is not a duration"))),
        }
    }

    /// How many whole units of so many milliseconds a duration has, beyond those that make one of the next larger unit.
    fn duration_part(&self, milliseconds: i64, in_next: i64) -> Result<Sequence<'a>, DynamicError> {
        match single(&self.arguments[0])? {
            None => Ok(Vec::new()),
            Some(value) => match cast(&value, AtomicType::Duration)? {
                Atomic::Duration(value) => Ok(vec![Item::Atomic(Atomic::Integer(value / milliseconds % in_next))]),
                other => Err(DynamicError::Type(format!("{other} is not a duration"))),
            },
        }
    }
}

/// To the nearest whole number, a half upwards.
fn half_up(value: f64) -> f64 {
    (value + 0.5).floor()
}

/// Equal as `eq` has it; values that cannot be compared are unequal.
fn is_equal(left: &Atomic, right: &Atomic, implicit_offset: i32) -> bool {
    matches!(order(left, right, implicit_offset), Ok(Some(std::cmp::Ordering::Equal)))
}

fn untyped_as_double(value: Atomic) -> Result<Atomic, DynamicError> {
    if matches!(value, Atomic::Untyped(_)) { cast(&value, AtomicType::Double) } else { Ok(value) }
}

fn is_span(value: &Atomic) -> bool {
    matches!(value, Atomic::Duration(_) | Atomic::Months(_))
}

fn numeric(value: &Atomic) -> Result<f64, DynamicError> {
    value.as_number().ok_or_else(|| DynamicError::Type(format!("{value} is not a number")))
}

/// `$1` as the engine writes it, and `\$` as a plain one.
fn replacement_text(pattern: &str, replacement: &str) -> Result<String, DynamicError> {
    let refused = || DynamicError::Regex {
        pattern: pattern.to_owned(),
        message: format!("the replacement {replacement} is not one"),
    };
    let mut out = String::with_capacity(replacement.len());
    let mut characters = replacement.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => match characters.next() {
                Some('$') => out.push_str("$$"),
                Some('\\') => out.push('\\'),
                _ => return Err(refused()),
            },
            '$' => match characters.next() {
                Some(digit) if digit.is_ascii_digit() => {
                    out.push_str("${");
                    out.push(digit);
                    out.push('}');
                }
                _ => return Err(refused()),
            },
            c => out.push(c),
        }
    }
    Ok(out)
}

fn text_item<'a>(text: String) -> Item<'a> {
    Item::Atomic(Atomic::String(text))
}

fn string<'a>(text: impl Into<String>) -> Result<Sequence<'a>, DynamicError> {
    Ok(vec![text_item(text.into())])
}

fn integer<'a>(value: usize) -> Result<Sequence<'a>, DynamicError> {
    Ok(vec![Item::Atomic(Atomic::Integer(i64::try_from(value).unwrap_or(i64::MAX)))])
}

fn double<'a>(value: f64) -> Result<Sequence<'a>, DynamicError> {
    Ok(vec![Item::Atomic(Atomic::Double(value))])
}
