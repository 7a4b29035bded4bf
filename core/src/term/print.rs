//! shim
use super::*;
pub fn write(mem: Mem, n: &dyn Names, t: Term, _q: bool, lim: usize) -> String {
    fn go(mem: Mem, n: &dyn Names, t: Term, o: &mut String, lim: usize) {
        if o.len() > lim { return; }
        if let Some(a) = t.as_atom() { o.push_str(n.atom_name(a)); }
        else if let Some(i) = t.as_small() { o.push_str(&i.to_string()); }
        else if t.is_nil() { o.push_str("[]"); }
        else if t.is_list() { o.push('['); let mut t = t; loop { go(mem,n,mem.head(t),o,lim); t = mem.tail(t); if !t.is_list() || o.len() > lim {break;} o.push(','); } if !t.is_nil() { o.push('|'); go(mem,n,t,o,lim);} o.push(']'); }
        else if let Some(k) = mem.tuple_arity(t) { o.push('{'); for i in 1..=k { if i>1 {o.push(',');} go(mem,n,mem.element(t,i),o,lim);} o.push('}'); }
        else if let Some(b) = mem.binary_to_vec(t) { o.push_str(&format!("<<{:?}>>", String::from_utf8_lossy(&b))); }
        else { o.push_str(&format!("{t:?}:{:?}", mem.kind(t))); }
    }
    let mut o = String::new(); go(mem, n, t, &mut o, lim); o
}
