-module(mochi_eval).
-moduledoc """
`eval(source)`: expressions, with `let`, `var`, assignment and `return` between them, evaluated by walking the text. A compiled program carries
no compiler, so the program's own variables and functions are not in sight, and loops, functions and declarations are refused.
""".

-export([run/1]).

-define(DEEPEST, 200).

-type value() :: term().

-doc "The value of the last `return`, else of the last expression.".
-spec run(binary()) -> value().
run(Source) ->
    statements(tokens(Source, []), #{}, nil).

statements([], _, Last) -> Last;
statements([{name, <<"return">>} | Ts], Env, _) ->
    {V, _} = expression(Ts, Env),
    V;
statements([{name, Word}, {name, X}, '=' | Ts], Env, _) when Word =:= <<"let">>; Word =:= <<"var">> ->
    {V, Rest} = expression(Ts, Env),
    statements(Rest, Env#{X => V}, nil);
statements([{name, X}, '=' | Ts], Env, _) when is_map_key(X, Env) ->
    {V, Rest} = expression(Ts, Env),
    statements(Rest, Env#{X := V}, nil);
statements(Ts, Env, _) ->
    {V, Rest} = expression(Ts, Env),
    statements(Rest, Env, V).

expression(Ts, Env) ->
    {F, Rest} = binary_op(Ts, Env, 1, 0),
    {F(), Rest}.

%% Precedence climbing; all operators are left associative. What is read is a fun that gives the value.
binary_op(_, _, _, Depth) when Depth > ?DEEPEST -> mochi_core:fail(<<"eval: nested too deep">>);
binary_op(Ts, Env, Least, Depth) ->
    {Left, Rest} = unary(Ts, Env, Depth),
    more(Left, Rest, Env, Least, Depth).

more(Left, [Op | Ts] = All, Env, Least, Depth) ->
    case precedence(Op) of
        P when P >= Least ->
            {Right, Rest} = binary_op(Ts, Env, P + 1, Depth + 1),
            more(apply_op(Op, Left, Right), Rest, Env, Least, Depth);
        _ -> {Left, All}
    end;
more(Left, [], _, _, _) -> {Left, []}.

precedence('*') -> 7;
precedence('/') -> 7;
precedence('%') -> 7;
precedence('+') -> 6;
precedence('-') -> 6;
precedence('<') -> 5;
precedence('<=') -> 5;
precedence('>') -> 5;
precedence('>=') -> 5;
precedence('==') -> 4;
precedence('!=') -> 4;
precedence({name, <<"in">>}) -> 4;
precedence('&&') -> 3;
precedence('||') -> 2;
precedence('??') -> 1;
precedence(_) -> 0.

apply_op('&&', X, Y) ->
    fun() ->
            V = X(),
            case mochi_core:truthy(V) of true -> Y(); false -> V end
    end;
apply_op('||', X, Y) ->
    fun() ->
            V = X(),
            case mochi_core:truthy(V) of true -> V; false -> Y() end
    end;
apply_op('??', X, Y) ->
    fun() ->
            case X() of nil -> Y(); V -> V end
    end;
apply_op(Op, X, Y) ->
    fun() ->
            V = X(),
            strict(Op, V, Y())
    end.

strict('*', X, Y) -> mochi_num:mul(X, Y);
strict('/', X, Y) -> mochi_num:divide(X, Y);
strict('%', X, Y) -> mochi_num:'rem'(X, Y);
strict('+', X, Y) -> mochi_num:add(X, Y);
strict('-', X, Y) -> mochi_num:sub(X, Y);
strict('<', X, Y) -> mochi_core:lt(X, Y);
strict('<=', X, Y) -> mochi_core:le(X, Y);
strict('>', X, Y) -> mochi_core:gt(X, Y);
strict('>=', X, Y) -> mochi_core:ge(X, Y);
strict('==', X, Y) -> mochi_core:eq(X, Y);
strict('!=', X, Y) -> mochi_core:ne(X, Y);
strict({name, <<"in">>}, X, Y) -> mochi_core:contains(Y, X).

unary(_, _, Depth) when Depth > ?DEEPEST -> mochi_core:fail(<<"eval: nested too deep">>);
unary(['-' | Ts], Env, Depth) ->
    {V, Rest} = unary(Ts, Env, Depth + 1),
    {fun() -> mochi_num:neg(V()) end, Rest};
unary(['!' | Ts], Env, Depth) ->
    {V, Rest} = unary(Ts, Env, Depth + 1),
    {fun() -> not mochi_core:truthy(V()) end, Rest};
unary(Ts, Env, Depth) ->
    {V, Rest} = primary(Ts, Env, Depth),
    postfix(V, Rest, Env, Depth).

postfix(V, ['[' | Ts], Env, Depth) ->
    case binary_op(Ts, Env, 1, Depth + 1) of
        {I, [']' | Rest]} -> postfix(fun() -> mochi_ref:index(V(), I()) end, Rest, Env, Depth);
        {_, Rest} -> wrong(Rest)
    end;
postfix(V, ['.', {name, F} | Ts], Env, Depth) -> postfix(fun() -> mochi_ref:field(V(), F) end, Ts, Env, Depth);
postfix(V, Ts, _, _) -> {V, Ts}.

primary([{value, V} | Ts], _, _) -> {fun() -> V end, Ts};
primary([{name, F}, '(' | Ts], Env, Depth) ->
    {Args, Rest} = list(Ts, ')', Env, Depth, []),
    {fun() -> call(F, [A() || A <- Args]) end, Rest};
primary([{name, X} | Ts], Env, _) ->
    case Env of
        #{X := V} -> {fun() -> V end, Ts};
        #{} -> mochi_core:fail([<<"eval: `">>, X, <<"` is not known here">>])
    end;
primary(['(' | Ts], Env, Depth) ->
    case binary_op(Ts, Env, 1, Depth + 1) of
        {V, [')' | Rest]} -> {V, Rest};
        {_, Rest} -> wrong(Rest)
    end;
primary(['[' | Ts], Env, Depth) ->
    {Vs, Rest} = list(Ts, ']', Env, Depth, []),
    {fun() -> mochi_list:from_list([V() || V <- Vs]) end, Rest};
primary(Ts, _, _) -> wrong(Ts).

list([Close | Ts], Close, _, _, Acc) -> {lists:reverse(Acc), Ts};
list(Ts, Close, Env, Depth, Acc) ->
    case binary_op(Ts, Env, 1, Depth + 1) of
        {V, [',' | Rest]} -> list(Rest, Close, Env, Depth, [V | Acc]);
        {V, [Close | Rest]} -> {lists:reverse([V | Acc]), Rest};
        {_, Rest} -> wrong(Rest)
    end.

call(<<"len">>, [X]) -> mochi_core:len(X);
call(<<"str">>, [X]) -> mochi_core:str(X);
call(<<"int">>, [X]) -> mochi_num:to_int(X);
call(<<"float">>, [X]) -> mochi_num:to_float(X);
call(<<"sum">>, [X]) -> mochi_query:sum(X);
call(<<"avg">>, [X]) -> mochi_query:avg(X);
call(<<"min">>, [X]) -> mochi_query:min(X);
call(<<"max">>, [X]) -> mochi_query:max(X);
call(<<"count">>, [X]) -> mochi_query:count(X);
call(<<"abs">>, [X]) -> mochi_num:abs(X);
call(<<"round">>, [X]) -> mochi_num:round(X);
call(<<"pow">>, [X, Y]) -> mochi_num:pow(X, Y);
call(<<"reverse">>, [X]) -> mochi_core:reverse(X);
call(F, Args) ->
    mochi_core:fail([<<"eval: there is no function `">>, F, <<"` of ">>, integer_to_binary(length(Args)), <<" arguments here">>]).

-spec wrong([term()]) -> no_return().
wrong([]) -> mochi_core:fail(<<"eval: the text ends too early">>);
wrong([T | _]) ->
    Text = case T of
               {name, N} -> N;
               {value, V} -> iolist_to_binary(mochi_fmt:nested(V));
               _ -> atom_to_binary(T)
           end,
    mochi_core:fail([<<"eval: unexpected `">>, Text, <<"`">>]).

%%% Tokens

tokens(<<>>, Acc) -> lists:reverse(Acc);
tokens(<<C, Rest/binary>>, Acc) when C =:= $\s; C =:= $\t; C =:= $\n; C =:= $\r; C =:= $; -> tokens(Rest, Acc);
tokens(<<A, B, Rest/binary>>, Acc)
  when A =:= $=, B =:= $=; A =:= $!, B =:= $=; A =:= $<, B =:= $=; A =:= $>, B =:= $=; A =:= $&, B =:= $&;
       A =:= $|, B =:= $|; A =:= $?, B =:= $? ->
    tokens(Rest, [op(<<A, B>>) | Acc]);
tokens(<<$", Rest/binary>>, Acc) ->
    {Text, More} = text(Rest, <<>>),
    tokens(More, [{value, Text} | Acc]);
tokens(<<C, _/binary>> = Source, Acc) when C >= $0, C =< $9 ->
    {match, [{0, N}]} = re:run(Source, <<"^[0-9]+(\\.[0-9]+)?([eE][-+]?[0-9]+)?">>, [{capture, first}]),
    <<Digits:N/binary, Rest/binary>> = Source,
    tokens(Rest, [{value, number(Digits)} | Acc]);
tokens(<<C, _/binary>> = Source, Acc) when C >= $a, C =< $z; C >= $A, C =< $Z; C =:= $_ ->
    {match, [{0, N}]} = re:run(Source, <<"^[A-Za-z0-9_]+">>, [{capture, first}]),
    <<Name:N/binary, Rest/binary>> = Source,
    tokens(Rest, [word(Name) | Acc]);
tokens(<<C, Rest/binary>>, Acc) -> tokens(Rest, [op(<<C>>) | Acc]).

word(<<"true">>) -> {value, true};
word(<<"false">>) -> {value, false};
word(N) when N =:= <<"none">>; N =:= <<"null">>; N =:= <<"nil">> -> {value, nil};
word(N) -> {name, N}.

number(Digits) ->
    try binary_to_integer(Digits)
    catch error:badarg ->
            try binary_to_float(Digits)
            catch error:badarg -> exponent(binary:split(Digits, [<<"e">>, <<"E">>]))
            end
    end.

%% `1e3` has no fraction, which Erlang wants.
exponent([Whole, Exp]) ->
    try binary_to_float(<<Whole/binary, ".0e", Exp/binary>>)
    catch error:badarg -> mochi_core:fail(<<"eval: this number is too large">>)
    end.

op(B) ->
    Known = [<<"==">>, <<"!=">>, <<"<=">>, <<">=">>, <<"&&">>, <<"||">>, <<"??">>, <<"+">>, <<"-">>, <<"*">>, <<"/">>, <<"%">>,
             <<"<">>, <<">">>, <<"!">>, <<"=">>, <<"(">>, <<")">>, <<"[">>, <<"]">>, <<",">>, <<".">>],
    case lists:member(B, Known) of
        true -> binary_to_atom(B);
        false -> mochi_core:fail([<<"eval: unexpected `">>, B, <<"`">>])
    end.

text(<<$", Rest/binary>>, Acc) -> {Acc, Rest};
text(<<$\\, $n, Rest/binary>>, Acc) -> text(Rest, <<Acc/binary, $\n>>);
text(<<$\\, $t, Rest/binary>>, Acc) -> text(Rest, <<Acc/binary, $\t>>);
text(<<$\\, C, Rest/binary>>, Acc) when C =:= $"; C =:= $\\ -> text(Rest, <<Acc/binary, C>>);
text(<<C, Rest/binary>>, Acc) when C =/= $\\ -> text(Rest, <<Acc/binary, C>>);
text(_, _) -> mochi_core:fail(<<"eval: a text is not closed, or has an unknown escape">>).
