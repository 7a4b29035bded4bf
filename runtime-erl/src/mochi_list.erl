-module(mochi_list).
-moduledoc """
Mochi lists: persistent vectors.

`{'$v', Size, Shift, Root, Tail}`. The last 1 to 32 elements are in the tuple `Tail` (empty for the empty list), the rest in a trie of
32-tuples below `Root` of height `Shift / 5`. Reading, replacing and appending touch one path: effectively constant time.
The shape depends on the size alone, so equal lists are equal terms; but a list whose first elements were sliced off may keep them unseen: it is
`{'$v', Size, {Shift, Dropped}, Root, Tail}` until as many are unseen as seen, so that taking from the front again and again is cheap.

Functions take what a Mochi program can hand them: a vector, a cell with one, null.
""".

-export([new/0, from_list/1, from_reversed/1, to_list/1, size/1, nth/2, set_nth/3, push/2, map/2]).
-export([at/2, append/2, concat/1, first/1, reverse/1, range/1, range/2, range/3, reduce/3, slice/3, grow_set/3]).
-export([length/1, append_any/2, from_reversed_any/1]).
-export_type([vec/0]).

-type vec() :: {'$v', non_neg_integer(), pos_integer() | {pos_integer(), pos_integer()}, tuple(), tuple()}.

-compile({no_auto_import, [size/1, length/1]}).

-define(BITS, 4).
-define(WIDTH, 16).
-define(MASK, 15).
%% An assignment makes no list longer than this: it would be a mistake that takes all memory.
-define(LONGEST, 1 bsl 27).

-doc "The empty list.".
-spec new() -> vec().
new() -> {'$v', 0, ?BITS, {}, {}}.

-doc "From an Erlang list.".
-spec from_list([term()]) -> vec().
from_list([]) ->
    new();
from_list(List) ->
    Size = erlang:length(List),
    if
        Size =< ?WIDTH ->
            {'$v', Size, ?BITS, {}, list_to_tuple(List)};
        true ->
            Full = ((Size - 1) bsr ?BITS) bsl ?BITS,
            {Leaves, Tail} = leaves(List, Full, []),
            {Shift, Root} = raise(?BITS, Leaves),
            {'$v', Size, Shift, Root, list_to_tuple(Tail)}
    end.

leaves(Rest, 0, Acc) ->
    {lists:reverse(Acc), Rest};
leaves(List, Left, Acc) ->
    {Leaf, Rest} = lists:split(?WIDTH, List),
    leaves(Rest, Left - ?WIDTH, [list_to_tuple(Leaf) | Acc]).

%% Nodes of one level; the root holds up to 32.
raise(Shift, Nodes) when erlang:length(Nodes) =< ?WIDTH ->
    {Shift, list_to_tuple(Nodes)};
raise(Shift, Nodes) ->
    raise(Shift + ?BITS, bundle(Nodes)).

bundle([]) ->
    [];
bundle(Nodes) when erlang:length(Nodes) =< ?WIDTH ->
    [list_to_tuple(Nodes)];
bundle(Nodes) ->
    {Some, Rest} = lists:split(?WIDTH, Nodes),
    [list_to_tuple(Some) | bundle(Rest)].

-doc "From an Erlang list in reverse.".
-spec from_reversed([term()]) -> vec().
from_reversed(List) -> from_reversed_any(List).

-doc "The same, every case of it.".
-spec from_reversed_any([term()]) -> vec().
from_reversed_any(List) -> from_list(lists:reverse(List)).

-doc "To an Erlang list.".
-spec to_list(vec()) -> [term()].
to_list({'$v', Size, {Shift, Dropped}, Root, Tail}) ->
    lists:nthtail(Dropped, to_list({'$v', Size + Dropped, Shift, Root, Tail}));
to_list({'$v', _, _, {}, Tail}) ->
    tuple_to_list(Tail);
to_list({'$v', _, Shift, Root, Tail}) ->
    node_list(Shift, Root, tuple_to_list(Tail)).

node_list(0, Leaf, Acc) ->
    tuple_to_list(Leaf) ++ Acc;
node_list(Shift, Node, Acc) ->
    node_list(Shift - ?BITS, Node, tuple_size(Node), Acc).

node_list(_, _, 0, Acc) -> Acc;
node_list(Below, Node, N, Acc) -> node_list(Below, Node, N - 1, node_list(Below, element(N, Node), Acc)).

-doc "Number of elements.".
-spec size(vec()) -> non_neg_integer().
size({'$v', Size, _, _, _}) -> Size.

-doc "The same for whatever stands for a list: also null, a cell, and an Erlang list such as the arguments of `main`.".
-spec length(term()) -> non_neg_integer().
length(L) when is_list(L) -> erlang:length(L);
length(V) -> mochi_core:len(V).

-doc "Element by zero-based index, which must be in range.".
-spec nth(non_neg_integer(), vec()) -> term().
nth(I, {'$v', Size, {Shift, Dropped}, Root, Tail}) ->
    nth(I + Dropped, {'$v', Size + Dropped, Shift, Root, Tail});
nth(I, {'$v', Size, Shift, Root, Tail}) ->
    Off = Size - tuple_size(Tail),
    if
        I >= Off -> element(I - Off + 1, Tail);
        true -> nth_node(I, Shift, Root)
    end.

nth_node(I, 0, Leaf) ->
    element((I band ?MASK) + 1, Leaf);
nth_node(I, Shift, Node) ->
    nth_node(I, Shift - ?BITS, element(((I bsr Shift) band ?MASK) + 1, Node)).

-doc "Replaces the element at an index in range.".
-spec set_nth(non_neg_integer(), term(), vec()) -> vec().
set_nth(I, V, {'$v', Size, {Shift, Dropped}, Root, Tail}) ->
    without(Dropped, set_nth(I + Dropped, V, {'$v', Size + Dropped, Shift, Root, Tail}));
set_nth(I, V, {'$v', Size, Shift, Root, Tail}) ->
    Off = Size - tuple_size(Tail),
    if
        I >= Off -> {'$v', Size, Shift, Root, setelement(I - Off + 1, Tail, V)};
        true -> {'$v', Size, Shift, set_node(I, Shift, Root, V), Tail}
    end.

set_node(I, 0, Leaf, V) ->
    setelement((I band ?MASK) + 1, Leaf, V);
set_node(I, Shift, Node, V) ->
    N = ((I bsr Shift) band ?MASK) + 1,
    setelement(N, Node, set_node(I, Shift - ?BITS, element(N, Node), V)).

-doc "Adds an element at the end.".
-spec push(term(), vec()) -> vec().
push(V, {'$v', Size, Shift, Root, Tail}) when tuple_size(Tail) < ?WIDTH ->
    {'$v', Size + 1, Shift, Root, erlang:append_element(Tail, V)};
push(V, {'$v', Size, {Shift, Dropped}, Root, Tail}) ->
    without(Dropped, push(V, {'$v', Size + Dropped, Shift, Root, Tail}));
push(V, {'$v', Size, Shift, Root, Tail}) ->
    %% The tail is full: it becomes a leaf.
    if
        Size > (?WIDTH bsl Shift) ->
            {'$v', Size + 1, Shift + ?BITS, {Root, path(Shift, Tail)}, {V}};
        true ->
            {'$v', Size + 1, Shift, add_leaf(Size - 1, Shift, Root, Tail), {V}}
    end.

%% The same with its first elements unseen.
without(Dropped, {'$v', Size, Shift, Root, Tail}) -> {'$v', Size - Dropped, {Shift, Dropped}, Root, Tail}.

path(0, Leaf) -> Leaf;
path(Shift, Leaf) -> {path(Shift - ?BITS, Leaf)}.

add_leaf(_, ?BITS, Node, Leaf) ->
    erlang:append_element(Node, Leaf);
add_leaf(I, Shift, Node, Leaf) ->
    N = ((I bsr Shift) band ?MASK) + 1,
    if
        N > tuple_size(Node) ->
            erlang:append_element(Node, path(Shift - ?BITS, Leaf));
        true ->
            setelement(N, Node, add_leaf(I, Shift - ?BITS, element(N, Node), Leaf))
    end.

-doc "Applies an Erlang fun to each element.".
-spec map(fun((term()) -> term()), vec()) -> vec().
map(F, V) -> from_list([F(E) || E <- to_list(V)]).

%%% What the language calls

-doc "`xs[i]` where `xs` should be a list.".
-spec at(term(), term()) -> term().
at({'$v', Size, Shift, Root, Tail}, I) when is_integer(I), I >= 0, I < Size, is_integer(Shift) ->
    Off = Size - tuple_size(Tail),
    if
        I >= Off -> element(I - Off + 1, Tail);
        true -> nth_node(I, Shift, Root)
    end;
at({'$cell', _, _} = C, I) ->
    at(mochi_cell:plain(C), I);
at({'$v', Size, _, _, _} = V, I) when is_integer(I), I < 0, I >= -Size ->
    nth(Size + I, V);
at(V, I) ->
    mochi_ref:index(V, I).

-doc "`append(xs, v)`: a new list with one more element.".
-spec append(term(), term()) -> term().
append(Xs, V) -> append_any(Xs, V).

-doc "The same, every case of it: our VM does the usual one itself, and `at/2`.".
-spec append_any(term(), term()) -> term().
append_any({'$v', _, _, _, _} = Xs, V) -> push(V, Xs);
append_any(nil, V) -> {'$v', 1, ?BITS, {}, {V}};
append_any({'$cell', _, _} = C, V) -> append(mochi_cell:plain(C), V);
append_any({'$group', Key, Items}, V) -> {'$group', Key, push(V, Items)};
append_any(_, _) -> mochi_core:fail(<<"append expects list">>).

-doc "`concat(a, b, ...)`, null counting as empty.".
-spec concat([term()]) -> vec().
concat([]) ->
    new();
concat([X | Xs]) ->
    lists:foldl(fun(Y, Acc) -> join(Acc, list(Y, <<"concat expects list">>)) end, list(X, <<"concat expects list">>), Xs).

join(A, B) ->
    case size(B) of
        0 -> A;
        N when N < 32 -> lists:foldl(fun push/2, A, to_list(B));
        _ ->
            case size(A) of
                0 -> B;
                _ -> from_list(to_list(A) ++ to_list(B))
            end
    end.

list(V, Message) ->
    case mochi_cell:plain(V) of
        {'$v', _, _, _, _} = L -> L;
        {'$group', _, Items} -> Items;
        nil -> new();
        _ -> mochi_core:fail(Message)
    end.

-doc "First element, or null.".
-spec first(term()) -> term().
first(V) ->
    L = list(V, <<"first expects list">>),
    case size(L) of
        0 -> nil;
        _ -> nth(0, L)
    end.

-doc "In reverse order.".
-spec reverse(vec()) -> vec().
reverse(V) -> from_list(lists:reverse(to_list(V))).

-doc "`0 .. n-1`".
-spec range(integer()) -> vec().
range(N) -> range(0, N, 1).
-doc "`a .. b-1`".
-spec range(integer(), integer()) -> vec().
range(A, B) -> range(A, B, 1).
-doc "`a`, `a+step`, ... up to but without `b`.".
-spec range(integer(), integer(), integer()) -> vec().
range(_, _, 0) -> mochi_core:fail(<<"range step must not be 0">>);
range(A, B, Step) when is_integer(A), is_integer(B), is_integer(Step) ->
    if
        Step > 0, A >= B -> new();
        Step < 0, A =< B -> new();
        Step > 0 -> from_list(lists:seq(A, B - 1, Step));
        true -> from_list(lists:seq(A, B + 1, Step))
    end;
range(_, _, _) ->
    mochi_core:fail(<<"range expects ints">>).

-doc "`reduce(xs, f, init)`: `f(acc, elem)` from the left.".
-spec reduce(term(), term(), term()) -> term().
reduce(Xs, F, Init) ->
    lists:foldl(fun(E, Acc) -> mochi_core:call(F, [Acc, E]) end, Init, mochi_ref:iter(Xs)).

-doc "Elements `A` to before `B`; the bounds are in range.".
-spec slice(vec(), non_neg_integer(), non_neg_integer()) -> vec().
slice(_, A, B) when A >= B -> new();
slice(V, A, B) when B - A =< ?WIDTH -> from_list([nth(I, V) || I <- lists:seq(A, B - 1)]);
slice(V, A, B) -> drop(A, take(B, V)).

%% The first `N`, at least one.
take(N, {'$v', N, _, _, _} = V) -> V;
take(N, {'$v', Size, {Shift, Dropped}, Root, Tail}) ->
    drop(Dropped, take(N + Dropped, {'$v', Size + Dropped, Shift, Root, Tail}));
take(N, {'$v', Size, Shift, Root, Tail}) ->
    Off = Size - tuple_size(Tail),
    if
        N > Off ->
            {'$v', N, Shift, Root, front(N - Off, Tail)};
        true ->
            Start = ((N - 1) bsr ?BITS) bsl ?BITS,
            Last = front(N - Start, leaf(N - 1, Shift, Root)),
            {Shift1, Root1} = lower(Shift, cut(Start, Shift, Root)),
            {'$v', N, Shift1, Root1, Last}
    end.

front(N, T) when N =:= tuple_size(T) -> T;
front(N, T) -> list_to_tuple(lists:sublist(tuple_to_list(T), N)).

leaf(_, 0, Leaf) -> Leaf;
leaf(I, Shift, Node) -> leaf(I, Shift - ?BITS, element(((I bsr Shift) band ?MASK) + 1, Node)).

%% A node with its first `Count` elements, whole leaves.
cut(0, _, _) -> {};
cut(_, 0, Leaf) -> Leaf;
cut(Count, Shift, Node) ->
    N = (Count - 1) bsr Shift,
    Kept = lists:sublist(tuple_to_list(Node), N),
    list_to_tuple(Kept ++ [cut(Count - (N bsl Shift), Shift - ?BITS, element(N + 1, Node))]).

%% A root of one node is that node.
lower(_, {}) -> {?BITS, {}};
lower(Shift, {Node}) when Shift > ?BITS -> lower(Shift - ?BITS, Node);
lower(Shift, Root) -> {Shift, Root}.

%% All but the first `N`.
drop(0, V) -> V;
drop(N, {'$v', Size, {Shift, Dropped}, Root, Tail}) -> drop(N + Dropped, {'$v', Size + Dropped, Shift, Root, Tail});
drop(N, {'$v', Size, _, _, _} = V) when N < Size - N -> without(N, V);
drop(N, V) -> from_list(lists:nthtail(N, to_list(V))).

-doc "Replaces an element; an index past the end grows the list with null.".
-spec grow_set(vec(), integer(), term()) -> vec().
grow_set({'$v', Size, _, _, _} = L, I, V) when I >= 0, I < Size -> set_nth(I, V, L);
grow_set({'$v', Size, _, _, _} = L, I, V) when I < 0, I >= -Size -> set_nth(Size + I, V, L);
grow_set(_, I, _) when I < 0; I > ?LONGEST -> mochi_core:fail(<<"index out of range">>);
grow_set({'$v', Size, _, _, _} = L, Size, V) -> push(V, L);
grow_set(L, I, V) -> grow_set(push(nil, L), I, V).
