-module(mochi_datalog).
-moduledoc """
A Datalog interpreter: facts, rules, and queries over what follows from them, evaluated bottom up and semi-naively, one ETS table per relation.

A condition of a rule is an atom `{Name, Args}`, a comparison `{Op, X, Y}` with `Op` one of `'=='`, `'!='`, `'<'`, `'<='`, `'>'`, `'>='`, or `{'not', Condition}`. A negated comparison is the
opposite one; a negated atom asks a relation that must be complete first, so the rules are put into strata, and a program that negates through a recursion is an error. A
variable is `{var, Name}`. Each variable of a head, a comparison or a negation must be in an atom that is not negated, so there are only finitely many answers and every
recursion ends, also around cycles.

Facts are numbered as they are derived: leftmost atom outermost, rules in their order. Answers come in that order. A database belongs to the process that made it.
""".

-export([new/0, delete/1, fact/3, rule/3, query/3, count/3, relations/1]).
-export_type([db/0, arg/0, condition/0]).

-type arg() :: {var, binary()} | mochi_datalog_ets:value().
-type pred() :: {binary(), [arg()]}.
-type op() :: '==' | '!=' | '<' | '<=' | '>' | '>='.
-type condition() :: pred() | {op(), arg(), arg()} | {'not', pred() | {op(), arg(), arg()}}.
-opaque db() :: {'$datalog', ets:table()}.

-record(rule, {head, atoms, tests, negated, mark = 0}).

-define(IS_OP(Op), (Op =:= '==' orelse Op =:= '!=' orelse Op =:= '<' orelse Op =:= '<=' orelse Op =:= '>' orelse Op =:= '>=')).

-doc "An empty database.".
-spec new() -> db().
new() ->
    State = ets:new(mochi_datalog, [set, protected]),
    true = ets:insert(State, [{facts, mochi_datalog_ets:new()}, {derived, none}, {rules, []}, {next, 1}, {closed, false}]),
    {'$datalog', State}.

-doc "Gives all its tables back.".
-spec delete(db()) -> ok.
delete({'$datalog', State}) ->
    drop(get(State, derived)),
    drop(get(State, facts)),
    true = ets:delete(State),
    ok.

drop(none) -> ok;
drop(All) -> mochi_datalog_ets:delete(All).

get(State, Key) -> ets:lookup_element(State, Key, 2).

put(State, Key, V) ->
    true = ets:insert(State, {Key, V}),
    ok.

-doc "States a fact.".
-spec fact(db(), binary(), [mochi_datalog_ets:value()]) -> ok.
fact({'$datalog', State}, Name, Values) ->
    lists:foreach(fun check_value/1, Values),
    Number = get(State, next),
    case mochi_datalog_ets:add(get(State, facts), {Name, length(Values)}, list_to_tuple(Values), Number) of
        true ->
            put(State, next, Number + 1),
            put(State, closed, false);
        false -> ok
    end.

check_value(V) when is_integer(V); is_binary(V); is_boolean(V); V =:= nil -> ok;
check_value(_) -> mochi_core:fail(<<"a fact is made of texts, ints and bools">>).

-doc "States a rule.".
-spec rule(db(), pred(), [condition()]) -> ok.
rule({'$datalog', State}, Head, Conditions) ->
    Rule = #rule{head = Head, atoms = [C || C <- Conditions, is_atom_condition(C)],
                 tests = [test(C) || C <- Conditions, is_test(C)],
                 negated = [A || {'not', A} <- Conditions, is_atom_condition(A)]},
    check(Rule, length(Conditions)),
    put(State, rules, get(State, rules) ++ [Rule]),
    put(State, closed, false).

is_atom_condition({Name, Args}) when is_binary(Name), is_list(Args) -> true;
is_atom_condition(_) -> false.

is_test({'not', C}) -> is_test(C);
is_test({Op, _, _}) -> ?IS_OP(Op);
is_test(_) -> false.

test({'not', C}) ->
    {Op, X, Y} = test(C),
    {opposite(Op), X, Y};
test(C) -> C.

opposite('==') -> '!=';
opposite('!=') -> '==';
opposite('<') -> '>=';
opposite('>=') -> '<';
opposite('>') -> '<=';
opposite('<=') -> '>'.

check(#rule{head = {Name, Args}, atoms = Atoms, tests = Tests, negated = Negated}, Count) ->
    Bound = [V || {_, As} <- Atoms, {var, V} <- As],
    Needed = [V || {var, V} <- Args] ++ [V || {_, X, Y} <- Tests, {var, V} <- [X, Y]]
        ++ [V || {_, As} <- Negated, {var, V} <- As],
    case length(Atoms) + length(Tests) + length(Negated) =:= Count of
        false -> mochi_core:fail([<<"a condition of the rule for ">>, Name, <<" is none">>]);
        true ->
            case [V || V <- Needed, not lists:member(V, Bound)] of
                [] -> ok;
                [V | _] -> mochi_core:fail([<<"the variable ">>, V, <<" of the rule for ">>, Name, <<" is in no positive condition">>])
            end
    end.

-doc "All solutions: a Mochi list of maps from variable to value, each once, in the order of derivation.".
-spec query(db(), binary(), [arg()]) -> mochi_list:vec().
query(Db, Name, Args) ->
    Rows = solutions(Db, Name, Args),
    mochi_query:collected(mochi_list:from_list(unique([mochi_map:from_pairs(maps:to_list(E)) || E <- Rows], #{})), length(Rows)).

-doc "How many different solutions?".
-spec count(db(), binary(), [arg()]) -> non_neg_integer().
count(Db, Name, Args) -> map_size(#{E => [] || E <- solutions(Db, Name, Args)}).

solutions({'$datalog', State}, Name, Args) ->
    mochi_telemetry:span([mochi, query, execute], #{query => Name},
                         fun() ->
                                 All = closure(State),
                                 Rows = matching(All, {Name, Args}, #{}, {0, infinity}),
                                 Envs = [E || {_, Tuple} <- Rows, E <- unify(Args, tuple_to_list(Tuple), #{})],
                                 {Envs, #{rows => length(Envs)}, #{}}
                         end, fun erlang:monotonic_time/0).

unique([E | Es], Seen) when is_map_key(E, Seen) -> unique(Es, Seen);
unique([E | Es], Seen) -> [E | unique(Es, Seen#{E => []})];
unique([], _) -> [].

-doc "The relations with what follows from all rules: name, arity and number of facts.".
-spec relations(db()) -> [{binary(), non_neg_integer(), non_neg_integer()}].
relations({'$datalog', State}) ->
    All = closure(State),
    [{N, A, mochi_datalog_ets:size(All, {N, A})} || {N, A} <- mochi_datalog_ets:relations(All)].

%%% Derivation

closure(State) ->
    case get(State, closed) of
        true -> get(State, derived);
        false ->
            Strata = strata(get(State, rules)),
            drop(get(State, derived)),
            put(State, derived, none),
            All = mochi_datalog_ets:new(),
            put(State, derived, All),
            Facts = get(State, facts),
            lists:foreach(fun(Name) ->
                                  lists:foreach(fun({N, Tuple}) -> mochi_datalog_ets:add(All, Name, Tuple, N) end,
                                                mochi_datalog_ets:from(Facts, Name, none, {0, infinity}))
                          end, mochi_datalog_ets:relations(Facts)),
            _ = lists:foldl(fun(Rules, Next) -> rounds(All, Rules, Next) end, get(State, next), Strata),
            put(State, closed, true),
            All
    end.

%% Rules by stratum: those of a relation come after all rules of a relation that one of them negates.
strata(Rules) ->
    Names = lists:usort([key(H) || #rule{head = H} <- Rules]),
    Levels = levels(Rules, #{N => 0 || N <- Names}, length(Names)),
    [[R || #rule{head = H} = R <- Rules, maps:get(key(H), Levels) =:= L] || L <- lists:usort(maps:values(Levels))].

levels(Rules, Levels, Most) ->
    Next = lists:foldl(fun(#rule{head = H, atoms = As, negated = Ns}, Acc) ->
                               Least = lists:max([maps:get(key(H), Acc) | [maps:get(key(A), Acc, 0) || A <- As]]
                                                 ++ [maps:get(key(A), Acc) + 1 || A <- Ns, is_map_key(key(A), Acc)]),
                               Acc#{key(H) := Least}
                       end, Levels, Rules),
    case {Next =:= Levels, lists:max([0 | maps:values(Next)]) > Most} of
        {true, _} -> Levels;
        {_, true} -> mochi_core:fail(<<"the rules negate through a recursion">>);
        {false, false} -> levels(Rules, Next, Most)
    end.

key({Name, Args}) -> {Name, length(Args)}.

rounds(All, Rules, Before) ->
    {Rules1, Next} = lists:mapfoldl(fun(R, N) -> turn(All, R, N) end, Before, Rules),
    case Next of
        Before -> Next;
        _ -> rounds(All, Rules1, Next)
    end.

%% At least one atom takes something that is new since the rule's last turn. Solutions sorted by the numbers of their facts are in the order of the
%% plain evaluation.
turn(All, #rule{head = {Name, Args}, atoms = Atoms, tests = Tests, negated = Negated, mark = Mark} = Rule, Next) ->
    Found = case Atoms of
                [] when Mark =:= 0 -> [{[], #{}}];
                _ -> lists:append([solve(All, Atoms, 1, Delta, {Mark, Next}, #{}, []) || Delta <- lists:seq(1, length(Atoms))])
            end,
    Holds = fun({_, Env}) ->
                    lists:all(fun({Op, X, Y}) -> compare(Op, value(X, Env), value(Y, Env)) end, Tests)
                        andalso lists:all(fun({N, As}) -> not there(All, {N, As}, Env) end, Negated)
            end,
    Last = lists:foldl(fun({_, Env}, N) ->
                               Tuple = list_to_tuple([value(A, Env) || A <- Args]),
                               case mochi_datalog_ets:add(All, {Name, length(Args)}, Tuple, N) of
                                   true -> N + 1;
                                   false -> N
                               end
                       end, Next, lists:sort(lists:filter(Holds, Found))),
    {Rule#rule{mark = Next}, Last}.

value({var, V}, Env) -> maps:get(V, Env);
value(V, _) -> V.

there(All, {Name, Args}, Env) ->
    mochi_datalog_ets:has(All, {Name, length(Args)}, list_to_tuple([value(A, Env) || A <- Args])).

compare('==', X, Y) -> X =:= Y;
compare('!=', X, Y) -> X =/= Y;
compare('<', X, Y) -> mochi_core:lt(X, Y);
compare('<=', X, Y) -> mochi_core:le(X, Y);
compare('>', X, Y) -> mochi_core:gt(X, Y);
compare('>=', X, Y) -> mochi_core:ge(X, Y).

%% Atoms before `Delta` take old facts, that one new ones, those after it all.
solve(_, [], _, _, _, Env, Path) ->
    [{lists:reverse(Path), Env}];
solve(All, [{_, Args} = Atom | Atoms], I, Delta, {Mark, Next} = Marks, Env, Path) ->
    Range = if
                I =:= Delta -> {Mark, Next};
                I < Delta -> {0, Mark};
                true -> {0, Next}
            end,
    [S || {N, Tuple} <- matching(All, Atom, Env, Range), Env1 <- unify(Args, tuple_to_list(Tuple), Env),
          S <- solve(All, Atoms, I + 1, Delta, Marks, Env1, [N | Path])].

matching(All, {Name, Args}, Env, Range) ->
    mochi_datalog_ets:from(All, {Name, length(Args)}, first_bound(Args, 1, Env), Range).

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
