-module(mochi_logic).
-moduledoc """
Facts, rules and queries: Datalog, evaluated bottom up and semi-naively.

The program's process owns the base (under `'$logic'`, as globals are kept). A query derives all that follows, once: later queries reuse it until a
fact or rule is added. Each round goes through the rules in order and joins at least one atom with what is new since the rule's last turn; new solutions are
sorted by the numbers of the facts that they come from, so the order is that of the plain evaluation, leftmost atom outermost.

A relation is `{Facts, Seen, Index}`: `[{Number, Tuple}]` newest first, the set of its tuples, and `{Position, Value} => [{Number, Tuple}]`, newest first.
""".

-export([fact/2, rule/2, query/2]).

-type value() :: integer() | binary().
-type arg() :: {var, binary()} | value().
-type atom_() :: {binary(), [arg()]}.
-type condition() :: atom_() | {'!=', binary(), binary()}.

-doc "`fact p(...)`".
-spec fact(binary(), [arg()]) -> ok.
fact(Name, Args) ->
    Base = base(),
    Tuple = list_to_tuple([constant(A) || A <- Args]),
    store(changed(add_to({Name, length(Args)}, Tuple, Base))).

%% A variable in a fact stands for its own name.
constant({var, Name}) -> Name;
constant(V) -> V.

-doc "`rule head :- conditions`".
-spec rule(atom_(), [condition()]) -> ok.
rule(Head, Conditions) ->
    #{rules := Rules} = Base = base(),
    {Ne, Atoms} = lists:partition(fun(C) -> element(1, C) =:= '!=' end, Conditions),
    store(changed(Base#{rules := Rules ++ [{Head, Atoms, Ne, 0}]})).

-doc "`query p(...)`: a list of maps from variable to value, each solution once, in the order of derivation.".
-spec query(binary(), [arg()]) -> mochi_list:vec().
query(Name, Args) ->
    mochi_query:execute(Name, fun() -> solutions(Name, Args) end).

solutions(Name, Args) ->
    Base = closure(base()),
    store(Base),
    Found = [mochi_map:from_pairs(maps:to_list(Env))
             || {_, Tuple} <- lists:reverse(candidates({Name, Args}, #{}, Base)),
                Env <- unify(Args, tuple_to_list(Tuple), #{})],
    mochi_list:from_list(unique(Found, #{})).

unique([E | Es], Seen) when is_map_key(E, Seen) -> unique(Es, Seen);
unique([E | Es], Seen) -> [E | unique(Es, Seen#{E => []})];
unique([], _) -> [].

%%% The base

base() ->
    Stored = case erlang:get('$logic') of
                 undefined -> mochi_core:global('$logic');
                 B -> B
             end,
    case Stored of
        nil -> #{next => 1, rules => [], relations => #{}, base => #{}, closed => false};
        _ -> Stored
    end.

store(Base) -> mochi_core:set_global('$logic', Base).

%% Facts that the program states are kept apart, so that a new rule or fact starts afresh from them.
changed(Base) -> Base#{closed := false}.

add_to(Key, Tuple, #{base := Facts, next := N} = Base) ->
    {List, Seen, Index} = maps:get(Key, Facts, {[], #{}, #{}}),
    case Seen of
        #{Tuple := _} -> Base;
        #{} -> Base#{base := Facts#{Key => insert(N, Tuple, List, Seen, Index)}, next := N + 1}
    end.

insert(N, Tuple, List, Seen, Index) ->
    Entry = {N, Tuple},
    {_, Index1} = lists:foldl(fun(V, {P, I}) ->
                                      {P + 1, maps:update_with({P, V}, fun(Es) -> [Entry | Es] end, [Entry], I)}
                              end, {1, Index}, tuple_to_list(Tuple)),
    {[Entry | List], Seen#{Tuple => []}, Index1}.

%%% Derivation

closure(#{closed := true} = Base) -> Base;
closure(#{base := Facts, rules := Rules} = Base) ->
    rounds(Base#{relations := Facts, rules := [setelement(4, R, 0) || R <- Rules]}).

rounds(#{rules := Rules, next := Before} = Base) ->
    {Rules1, Base1} = lists:mapfoldl(fun turn/2, Base, Rules),
    case Base1 of
        #{next := Before} -> Base1#{closed := true};
        #{} -> rounds(Base1#{rules := Rules1})
    end.

turn({Head, Atoms, Ne, Mark}, #{next := Next} = Base) ->
    Found = lists:append([solve(Atoms, 1, Delta, Mark, #{}, [], Base) || Delta <- lists:seq(1, length(Atoms))]),
    Sorted = lists:sort([{Path, Env} || {Path, Env} <- Found, lists:all(fun(C) -> differs(C, Env) end, Ne)]),
    {{Head, Atoms, Ne, Next}, lists:foldl(fun({_, Env}, B) -> derive(Head, Env, B) end, Base, Sorted)}.

differs({'!=', A, B}, Env) -> maps:get(A, Env, nil) =/= maps:get(B, Env, nil).

derive({Name, Args}, Env, #{relations := Relations, next := N} = Base) ->
    Key = {Name, length(Args)},
    Tuple = list_to_tuple([case A of
                               {var, V} -> maps:get(V, Env, nil);
                               _ -> A
                           end || A <- Args]),
    {List, Seen, Index} = maps:get(Key, Relations, {[], #{}, #{}}),
    case Seen of
        #{Tuple := _} -> Base;
        #{} -> Base#{relations := Relations#{Key => insert(N, Tuple, List, Seen, Index)}, next := N + 1}
    end.

%% Atoms before `Delta` take old facts, that one new ones, those after it all: each combination with something new once.
solve([], _, _, _, Env, Path, _) ->
    [{lists:reverse(Path), Env}];
solve([{_, Args} = Atom | Atoms], I, Delta, Mark, Env, Path, Base) ->
    All = candidates(Atom, Env, Base),
    Some = if
               I =:= Delta -> lists:takewhile(fun({N, _}) -> N >= Mark end, All);
               I < Delta -> lists:dropwhile(fun({N, _}) -> N >= Mark end, All);
               true -> All
           end,
    [S || {N, Tuple} <- Some, Env1 <- unify(Args, tuple_to_list(Tuple), Env),
          S <- solve(Atoms, I + 1, Delta, Mark, Env1, [N | Path], Base)].

candidates({Name, Args}, Env, #{relations := Relations}) ->
    Key = {Name, length(Args)},
    case Relations of
        #{Key := {List, _, Index}} ->
            case first_bound(Args, 1, Env) of
                none -> List;
                PositionAndValue -> maps:get(PositionAndValue, Index, [])
            end;
        #{} -> []
    end.

first_bound([{var, V} | Rest], P, Env) ->
    case Env of
        #{V := X} -> {P, X};
        #{} -> first_bound(Rest, P + 1, Env)
    end;
first_bound([X | _], P, _) -> {P, X};
first_bound([], _, _) -> none.

unify([{var, V} | As], [X | Xs], Env) ->
    case Env of
        #{V := X} -> unify(As, Xs, Env);
        #{V := _} -> [];
        #{} -> unify(As, Xs, Env#{V => X})
    end;
unify([X | As], [X | Xs], Env) -> unify(As, Xs, Env);
unify([], [], Env) -> [Env];
unify(_, _, _) -> [].
