//! A pickle of tensors, read as data: no name in it is ever looked up or called.
//!
//! A pickle is a program for a stack. Of its 68 instructions those are known here that PyTorch writes for a state
//! dict, and of all names in the world the few of [`GLOBALS`]. Everything else is refused.

use std::collections::HashMap;
use std::rc::Rc;

use super::value::{GLOBALS, Nested, Read, Value, View, depth, made, storage};

/// The tensors of a state dict, by name, in its order.
///
/// # Errors
/// What was found that a state dict of tensors does not hold.
pub(super) fn tensors(pickle: &[u8]) -> Read<Vec<(String, View)>> {
    let mut machine = Machine {
        rest: pickle,
        n_bytes: pickle.len(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
    };
    let Value::Dict(items) = machine.run()? else {
        return Err("no dictionary of tensors".into());
    };
    let named = items.into_iter().map(|(name, value)| match (name, value) {
        (Value::Text(name), Value::View(view)) => Ok((name.to_string(), Rc::unwrap_or_clone(view))),
        (Value::Text(name), other) => Err(format!("{name:?} is no tensor but {}", other.name())),
        (other, _) => Err(format!("a key that is no text but {}", other.name())),
    });
    named.collect()
}

struct Machine<'a> {
    rest: &'a [u8],
    n_bytes: usize,
    stack: Vec<Value>,
    /// Lengths of the stack at each mark.
    marks: Vec<usize>,
    memo: HashMap<u32, Value>,
}

impl<'a> Machine<'a> {
    fn run(&mut self) -> Read<Value> {
        loop {
            let at = self.n_bytes - self.rest.len();
            let [code] = self.bytes()?;
            if code == b'.' {
                return match (self.stack.pop(), self.stack.is_empty()) {
                    (Some(value), true) => Ok(value),
                    _ => Err("it ends with another number of values than one".into()),
                };
            }
            self.step(code)
                .map_err(|what| format!("byte {at} of the pickle: {what}"))?;
        }
    }

    /// One instruction (CPython's `pickletools`: PROTO, GLOBAL, BINPUT, ...).
    fn step(&mut self, code: u8) -> Read<()> {
        match code {
            b'\x80' => match self.bytes()? {
                [2..=4] => {}
                [other] => return Err(format!("protocol {other}, expected 2 to 4")),
            },
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                let sought = format!("{module} {name}");
                let known = GLOBALS.iter().find(|(name, _)| *name == sought);
                let (_, global) = known.ok_or_else(|| {
                    format!("the name {sought:?}, which no state dict needs: it is not looked up")
                })?;
                self.stack.push(Value::Global(*global));
            }
            b'q' => {
                let [index] = self.bytes()?;
                self.memorise(index.into())?;
            }
            b'r' => {
                let index = u32::from_le_bytes(self.bytes()?);
                self.memorise(index)?;
            }
            b'h' => {
                let [index] = self.bytes()?;
                self.recall(index.into())?;
            }
            b'j' => {
                let index = u32::from_le_bytes(self.bytes()?);
                self.recall(index)?;
            }
            b'(' => self.marks.push(self.stack.len()),
            b')' => self.push_tuple(Vec::new())?,
            b't' => {
                let items = self.since_mark()?;
                self.push_tuple(items)?;
            }
            b'\x85'..=b'\x87' => {
                let items = self.last(usize::from(code - b'\x84'))?;
                self.push_tuple(items)?;
            }
            b'}' => self.stack.push(Value::Dict(Vec::new())),
            b'X' => {
                let n = u32::from_le_bytes(self.bytes()?) as usize;
                let text = self.take(n)?;
                let text = std::str::from_utf8(text).map_err(|_| "text that is no UTF-8")?;
                self.stack.push(Value::Text(text.into()));
            }
            b'K' => {
                let [n] = self.bytes()?;
                self.stack.push(Value::Int(n.into()));
            }
            b'M' => {
                let n = u16::from_le_bytes(self.bytes()?);
                self.stack.push(Value::Int(n.into()));
            }
            b'J' => {
                let n = i32::from_le_bytes(self.bytes()?);
                self.stack.push(Value::Int(n.into()));
            }
            b'\x8a' => {
                let [n] = self.bytes()?;
                let n = self.long(n.into())?;
                self.stack.push(Value::Int(n));
            }
            b'\x88' | b'\x89' => self.stack.push(Value::Bool),
            b'N' => self.stack.push(Value::None),
            b'Q' => {
                let id = self.pop()?;
                self.stack.push(Value::Storage(storage(id)?));
            }
            b'R' => {
                let [of, arguments] = self.two()?;
                self.stack.push(made(of, arguments)?);
            }
            b's' => {
                let pair = self.two()?;
                self.set(pair.to_vec())?;
            }
            b'u' => {
                let items = self.since_mark()?;
                self.set(items)?;
            }
            // Attributes of the dictionary: its `_metadata`, versions of layers.
            b'b' => {
                self.pop()?;
                match self.stack.last() {
                    Some(Value::Dict(_)) => {}
                    _ => return Err("attributes of something that is no dictionary".into()),
                }
            }
            other => {
                return Err(format!(
                    "the instruction {other:#04x}, which no state dict needs: it is not run"
                ));
            }
        }
        Ok(())
    }

    fn take(&mut self, n: usize) -> Read<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(n).ok_or("it is cut off")?;
        self.rest = rest;
        Ok(taken)
    }

    fn bytes<const N: usize>(&mut self) -> Read<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or("it is cut off")?;
        self.rest = rest;
        Ok(*taken)
    }

    fn line(&mut self) -> Read<String> {
        let n = memchr::memchr(b'\n', self.rest).ok_or("it is cut off")?;
        let line = String::from_utf8_lossy(self.take(n)?).into_owned();
        self.take(1)?;
        Ok(line)
    }

    /// A little-endian integer of any number of bytes up to eight.
    fn long(&mut self, n: usize) -> Read<i64> {
        let bytes = self.take(n)?;
        if n > 8 {
            return Err(format!("an integer of {n} bytes, expected at most 8"));
        }
        let sign = if bytes.last().is_some_and(|last| *last >= 0x80) {
            0xff
        } else {
            0
        };
        let mut whole = [sign; 8];
        whole[..n].copy_from_slice(bytes);
        Ok(i64::from_le_bytes(whole))
    }

    fn pop(&mut self) -> Read<Value> {
        let least = self.marks.last().copied().unwrap_or(0);
        match self.stack.len() > least {
            true => self.stack.pop().ok_or_else(|| "an empty stack".into()),
            false => Err("an empty stack".into()),
        }
    }

    fn last(&mut self, n: usize) -> Read<Vec<Value>> {
        let mut items: Vec<Value> = (0..n).map(|_| self.pop()).collect::<Read<_>>()?;
        items.reverse();
        Ok(items)
    }

    fn two(&mut self) -> Read<[Value; 2]> {
        let second = self.pop()?;
        Ok([self.pop()?, second])
    }

    fn since_mark(&mut self) -> Read<Vec<Value>> {
        let mark = self.marks.pop().ok_or("no mark")?;
        Ok(self.stack.split_off(mark))
    }

    fn push_tuple(&mut self, items: Vec<Value>) -> Read<()> {
        let depth = depth(items.iter())?;
        self.stack
            .push(Value::Tuple(Rc::new(Nested { items, depth })));
        Ok(())
    }

    fn set(&mut self, items: Vec<Value>) -> Read<()> {
        depth(items.iter())?;
        let (pairs, rest) = items.as_chunks::<2>();
        match (self.stack.last_mut(), rest) {
            (Some(Value::Dict(dict)), []) => {
                dict.extend(pairs.iter().cloned().map(|[key, value]| (key, value)));
                Ok(())
            }
            _ => Err("pairs for something that is no dictionary".into()),
        }
    }

    /// A dictionary may change after it was memorised, so it is never recalled.
    fn memorise(&mut self, index: u32) -> Read<()> {
        match self.stack.last().ok_or("an empty stack")? {
            Value::Dict(_) => self.memo.remove(&index),
            value => self.memo.insert(index, value.clone()),
        };
        Ok(())
    }

    fn recall(&mut self, index: u32) -> Read<()> {
        let value = self.memo.get(&index);
        let value = value.ok_or_else(|| format!("no value of number {index} to recall"))?;
        self.stack.push(value.clone());
        Ok(())
    }
}
