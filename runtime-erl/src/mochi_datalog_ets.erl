-module(mochi_datalog_ets).
-moduledoc """
The relations of a Datalog database: an ETS table each, owned by the process that made the database and gone with it.

A table is an ordered set of three kinds of rows: `{{t, Tuple}, Number}` says that the fact is there, `{{n, Number}, Tuple}` gives it by number, and
`{{i, Position, Value, Number}, Tuple}` by the value at a position. Numbers run over the whole database, so a walk from a number on meets what is newer.
""".

-export([new/0, delete/1, add/4, has/3, size/2, from/4, relations/1, clear/2]).
-export_type([relations/0, name/0, value/0]).

-type value() :: integer() | binary() | boolean() | nil.
-type name() :: {binary(), non_neg_integer()}.
-type relations() :: ets:table().

-doc "No relations. The result is the table of the tables.".
-spec new() -> relations().
new() -> ets:new(mochi_datalog, [set, protected]).

-doc "All tables are gone after this.".
-spec delete(relations()) -> ok.
delete(All) ->
    lists:foreach(fun({_, T}) -> ets:delete(T) end, ets:tab2list(All)),
    true = ets:delete(All),
    ok.

-doc "The names of the relations.".
-spec relations(relations()) -> [name()].
relations(All) -> lists:sort([N || {N, _} <- ets:tab2list(All)]).

-doc "Adds a fact under a number, unless it is there.".
-spec add(relations(), name(), tuple(), pos_integer()) -> boolean().
add(All, Name, Tuple, Number) ->
    T = table(All, Name),
    case ets:insert_new(T, {{t, Tuple}, Number}) of
        true ->
            Rows = [{{n, Number}, Tuple} | [{{i, P, element(P, Tuple), Number}, Tuple} || P <- lists:seq(1, tuple_size(Tuple))]],
            ets:insert(T, Rows);
        false -> false
    end.

table(All, Name) ->
    case ets:lookup(All, Name) of
        [{_, T}] -> T;
        [] ->
            T = ets:new(mochi_relation, [ordered_set, protected]),
            true = ets:insert(All, {Name, T}),
            T
    end.

-doc "Is the fact there?".
-spec has(relations(), name(), tuple()) -> boolean().
has(All, Name, Tuple) ->
    case ets:lookup(All, Name) of
        [{_, T}] -> ets:member(T, {t, Tuple});
        [] -> false
    end.

-doc "How many facts?".
-spec size(relations(), name()) -> non_neg_integer().
size(All, {_, Arity} = Name) ->
    case ets:lookup(All, Name) of
        [{_, T}] -> ets:info(T, size) div (2 + Arity);
        [] -> 0
    end.

-doc "Drops all facts of a relation.".
-spec clear(relations(), name()) -> ok.
clear(All, Name) ->
    case ets:lookup(All, Name) of
        [{_, T}] -> true = ets:delete_all_objects(T), ok;
        [] -> ok
    end.

-doc "The facts with numbers from `From` to before `To`, in order: all, or those with a value at a position.".
-spec from(relations(), name(), none | {pos_integer(), value()}, {non_neg_integer(), pos_integer() | infinity}) ->
          [{pos_integer(), tuple()}].
from(All, Name, Bound, {From, To}) ->
    case ets:lookup(All, Name) of
        [{_, T}] ->
            Key = case Bound of
                      none -> {n, From - 1};
                      {P, V} -> {i, P, V, From - 1}
                  end,
            walk(T, Key, To, []);
        [] -> []
    end.

walk(T, Key, To, Acc) ->
    Next = ets:next(T, Key),
    case same(Key, Next) of
        N when is_integer(N), N < To ->
            [{_, Tuple}] = ets:lookup(T, Next),
            walk(T, Next, To, [{N, Tuple} | Acc]);
        _ -> lists:reverse(Acc)
    end.

same({n, _}, {n, N}) -> N;
same({i, P, V, _}, {i, P, V, N}) -> N;
same(_, _) -> none.
