//! Walking and rebuilding [`Value`] trees with stacks on the heap: clone, equality, drop, and the assembler that the
//! decoder shares.
//!
//! Invariant: no function here calls itself, directly or through drop glue, once per level of a term.

use super::{FunValue, Value};

/// A container whose children are still to come.
pub(super) enum Open {
    /// Elements, then the tail.
    List,
    /// Elements.
    Tuple,
    /// Key, value, key, value.
    Map,
    /// Module, old index, old uniq, creator, then the environment.
    Fun { arity: u8, uniq: [u8; 16], index: u32 },
}

struct Frame {
    open: Open,
    need: usize,
    items: Vec<Value>,
}

/// Builds a tree from its nodes in preorder.
#[derive(Default)]
pub(super) struct Assembler {
    frames: Vec<Frame>,
    done: Option<Value>,
}

impl Assembler {
    /// Adds a node that is complete. `Err` names the rule that a container broke.
    pub(super) fn push(&mut self, mut value: Value) -> Result<(), &'static str> {
        loop {
            let Some(top) = self.frames.last_mut() else {
                self.done = Some(value);
                return Ok(());
            };
            top.items.push(value);
            if top.items.len() < top.need {
                return Ok(());
            }
            match self.frames.pop() {
                Some(frame) => value = close(frame.open, frame.items)?,
                None => return Ok(()),
            }
        }
    }

    /// Adds a container with so many children, a list's tail included.
    pub(super) fn open(&mut self, open: Open, need: usize) -> Result<(), &'static str> {
        if need == 0 {
            return self.push(close(open, Vec::new())?);
        }
        // A list as the tail of a list is one longer list: the tree keeps one form, and its depth stays low.
        if let (Open::List, Some(top)) = (&open, self.frames.last_mut())
            && matches!(top.open, Open::List)
            && top.items.len() + 1 == top.need
        {
            top.need += need - 1;
            return Ok(());
        }
        // Exactly so many for the small ones: a deep term is made of these.
        self.frames.push(Frame { open, need, items: Vec::with_capacity(need.min(4)) });
        Ok(())
    }

    /// The tree, once its last node is there.
    pub(super) fn take(&mut self) -> Option<Value> {
        self.done.take()
    }
}

fn close(open: Open, mut items: Vec<Value>) -> Result<Value, &'static str> {
    match open {
        Open::Tuple => Ok(Value::Tuple(items)),
        Open::List => {
            let tail = items.pop().unwrap_or(Value::Nil);
            if items.is_empty() { Ok(tail) } else { Ok(Value::List(items, Box::new(tail))) }
        }
        Open::Map => {
            let mut pairs = Vec::with_capacity(items.len() / 2);
            let mut items = items.into_iter();
            while let (Some(key), Some(value)) = (items.next(), items.next()) {
                pairs.push((key, value));
            }
            Ok(Value::Map(pairs))
        }
        Open::Fun { arity, uniq, index } => {
            let mut items = items.into_iter();
            let module = match items.next() {
                Some(Value::Atom(ref mut name)) => std::mem::take(name),
                _ => return Err("a fun's module is not an atom"),
            };
            let Some(Value::Int(old_index)) = items.next() else {
                return Err("a fun's old index is not an integer");
            };
            let Some(Value::Int(old_uniq)) = items.next() else {
                return Err("a fun's hash is not an integer");
            };
            let creator = match items.next() {
                Some(pid @ Value::Pid { .. }) => pid,
                _ => return Err("a fun's creator is not a pid"),
            };
            let free = items.collect();
            Ok(Value::Fun(Box::new(FunValue { arity, uniq, index, module, old_index, old_uniq, creator, free })))
        }
    }
}

impl Value {
    /// True for terms that hold other terms.
    fn is_container(&self) -> bool {
        matches!(self, Value::List(..) | Value::Tuple(_) | Value::Map(_) | Value::Fun(_))
    }

    fn take_containers(&mut self, out: &mut Vec<Value>) {
        match self {
            Value::List(items, tail) => {
                out.extend(std::mem::take(items).into_iter().filter(Value::is_container));
                if tail.is_container() {
                    out.push(std::mem::replace(&mut **tail, Value::Nil));
                }
            }
            Value::Tuple(items) => out.extend(std::mem::take(items).into_iter().filter(Value::is_container)),
            Value::Map(pairs) => {
                let flat = std::mem::take(pairs).into_iter().flat_map(|(k, v)| [k, v]);
                out.extend(flat.filter(Value::is_container));
            }
            Value::Fun(fun) => {
                out.extend(std::mem::take(&mut fun.free).into_iter().filter(Value::is_container));
                if fun.creator.is_container() {
                    out.push(std::mem::replace(&mut fun.creator, Value::Nil));
                }
            }
            _ => {}
        }
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        let mut stack = Vec::new();
        self.take_containers(&mut stack);
        while let Some(mut value) = stack.pop() {
            value.take_containers(&mut stack);
        }
    }
}

impl Clone for Value {
    fn clone(&self) -> Value {
        let mut assembler = Assembler::default();
        let mut stack = vec![self];
        while let Some(value) = stack.pop() {
            let step = match value {
                Value::Int(n) => assembler.push(Value::Int(*n)),
                Value::Big(n) => assembler.push(Value::Big(n.clone())),
                Value::Float(x) => assembler.push(Value::Float(*x)),
                Value::Atom(name) => assembler.push(Value::Atom(name.clone())),
                Value::Nil => assembler.push(Value::Nil),
                Value::Binary(bytes) => assembler.push(Value::Binary(bytes.clone())),
                Value::Bits(bytes, bits) => assembler.push(Value::Bits(bytes.clone(), *bits)),
                Value::ExportFun { module, function, arity } => assembler.push(Value::ExportFun {
                    module: module.clone(),
                    function: function.clone(),
                    arity: *arity,
                }),
                Value::Pid { node, id, serial, creation } => {
                    assembler.push(Value::Pid { node: node.clone(), id: *id, serial: *serial, creation: *creation })
                }
                Value::Port { node, id, creation } => {
                    assembler.push(Value::Port { node: node.clone(), id: *id, creation: *creation })
                }
                Value::Ref { node, creation, ids } => {
                    assembler.push(Value::Ref { node: node.clone(), creation: *creation, ids: ids.clone() })
                }
                Value::List(items, tail) => {
                    stack.push(tail);
                    stack.extend(items.iter().rev());
                    assembler.open(Open::List, items.len() + 1)
                }
                Value::Tuple(items) => {
                    stack.extend(items.iter().rev());
                    assembler.open(Open::Tuple, items.len())
                }
                Value::Map(pairs) => {
                    stack.extend(pairs.iter().rev().flat_map(|(k, v)| [v, k]));
                    assembler.open(Open::Map, pairs.len() * 2)
                }
                Value::Fun(fun) => {
                    stack.extend(fun.free.iter().rev());
                    stack.push(&fun.creator);
                    let open = Open::Fun { arity: fun.arity, uniq: fun.uniq, index: fun.index };
                    assembler
                        .open(open, fun.free.len() + 4)
                        .and_then(|()| assembler.push(Value::Atom(fun.module.clone())))
                        .and_then(|()| assembler.push(Value::Int(fun.old_index)))
                        .and_then(|()| assembler.push(Value::Int(fun.old_uniq)))
                }
            };
            // Only a hand-made fun whose creator is no pid can fail here; it becomes nil rather than a panic.
            if step.is_err() {
                return Value::Nil;
            }
        }
        assembler.take().unwrap_or(Value::Nil)
    }
}

/// Structural equality; floats by their bits, maps by the order of their pairs.
impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        let mut stack = vec![(self, other)];
        while let Some(pair) = stack.pop() {
            let same = match pair {
                (Value::Int(a), Value::Int(b)) => a == b,
                (Value::Big(a), Value::Big(b)) => a == b,
                (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
                (Value::Atom(a), Value::Atom(b)) => a == b,
                (Value::Nil, Value::Nil) => true,
                (Value::Binary(a), Value::Binary(b)) => a == b,
                (Value::Bits(a, n), Value::Bits(b, m)) => n == m && a == b,
                (Value::List(a, s), Value::List(b, t)) => {
                    stack.extend(a.iter().zip(b));
                    stack.push((s, t));
                    a.len() == b.len()
                }
                (Value::Tuple(a), Value::Tuple(b)) => {
                    stack.extend(a.iter().zip(b));
                    a.len() == b.len()
                }
                (Value::Map(a), Value::Map(b)) => {
                    for ((k, v), (l, w)) in a.iter().zip(b) {
                        stack.push((k, l));
                        stack.push((v, w));
                    }
                    a.len() == b.len()
                }
                (
                    Value::ExportFun { module, function, arity },
                    Value::ExportFun { module: m, function: f, arity: a },
                ) => module == m && function == f && arity == a,
                (Value::Pid { node, id, serial, creation }, Value::Pid { node: n, id: i, serial: s, creation: c }) => {
                    node == n && id == i && serial == s && creation == c
                }
                (Value::Port { node, id, creation }, Value::Port { node: n, id: i, creation: c }) => {
                    node == n && id == i && creation == c
                }
                (Value::Ref { node, creation, ids }, Value::Ref { node: n, creation: c, ids: i }) => {
                    node == n && creation == c && ids == i
                }
                (Value::Fun(a), Value::Fun(b)) => {
                    stack.push((&a.creator, &b.creator));
                    stack.extend(a.free.iter().zip(&b.free));
                    a.free.len() == b.free.len()
                        && (a.arity, a.uniq, a.index) == (b.arity, b.uniq, b.index)
                        && (a.old_index, a.old_uniq) == (b.old_index, b.old_uniq)
                        && a.module == b.module
                }
                _ => false,
            };
            if !same {
                return false;
            }
        }
        true
    }
}
